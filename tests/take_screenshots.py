"""Take the README's pictures of the page: `python tests/take_screenshots.py` writes nbs/images/page.png and phone.png."""
import io

from helpers import CHROMIUM_ARGUMENTS, PROJECT, find_chromium, running_server
from PIL import Image, ImageOps
from playwright.sync_api import sync_playwright

SHOTS = {"page.png": ("light", 1280, 860), "phone.png": ("dark", 390, 844)}
LARGEST = 400_000  # bytes a picture


def main():
    folder = PROJECT / "nbs" / "images"
    folder.mkdir(exist_ok=True)
    with running_server("--source", "demo") as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
        for name, (scheme, width, height) in SHOTS.items():
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(f"http://127.0.0.1:{server.port}/", wait_until="commit")
            page.wait_for_selector(".card .winner")
            page.wait_for_timeout(1500)  # for the bars to move and the speed to settle
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            # Without the two lowest bits of every colour the file is a third smaller, and looks the same.
            ImageOps.posterize(picture, 6).save(folder / name, optimize=True)
            page.close()
            size = (folder / name).stat().st_size
            print(f"{folder / name}: {size // 1000} kB")
            assert size < LARGEST, f"{name} is larger than {LARGEST // 1000} kB"
        browser.close()


if __name__ == "__main__":
    main()
