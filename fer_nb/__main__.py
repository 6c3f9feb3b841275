"`python -m fer_nb` is the command `fer_nb` of that Python."

from fer_nb.cli import main

if __name__ == "__main__":
    main(prog_name="fer_nb")
