# The server alone, without TensorFlow: docker build -t fer_nb . && docker run --rm -p 127.0.0.1:8000:8000 fer_nb
# compose.yaml says how it is run with nothing but what it needs.
FROM docker.io/library/python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/fer_nb
RUN /opt/fer_nb/bin/pip install --no-cache-dir -c constraints.txt .

FROM docker.io/library/python:3.13-slim
COPY --from=build /opt/fer_nb /opt/fer_nb
ENV PYTHONDONTWRITEBYTECODE=1 FER_SOURCE=demo
# Nobody in particular; a webcam needs its group besides, see compose.yaml.
USER 65532:65532
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/opt/fer_nb/bin/python", "-c", "import urllib.request as ask; ask.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
ENTRYPOINT ["/opt/fer_nb/bin/fer_nb"]
CMD ["serve", "--host", "0.0.0.0", "--log", "json"]
