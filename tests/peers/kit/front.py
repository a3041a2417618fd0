"""A proxy in front of a server: it adds TLS where a client insists on it, and keeps what passes through."""

import datetime
import http.client
import ipaddress
import ssl
import tempfile
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

# Headers that belong to one connection, and those the proxy sets itself.
OWN_HEADERS = {"connection", "transfer-encoding", "content-length", "keep-alive"}


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, bodies as they were on the wire."""

    method: str
    target: str
    request_headers: dict
    request_body: bytes
    status: int
    headers: dict
    body: bytes


class Front:
    """Forwards to `target`; `with` gives it. Answers point to the front where they pointed to the target.
    What `instead(method, target)` gives (status, headers, body) is answered in place of the target, unless None."""

    def __init__(self, target, *, tls=False, instead=lambda method, target: None):
        self.target, self.tls, self.instead, self.exchanges = urlsplit(target).netloc, tls, instead, []
        self._lock = threading.Lock()

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        scheme = "http"
        if self.tls:
            scheme = "https"
            self.certificate, key = _certificate(Path(self._folder.name))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate, key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.netloc = f"127.0.0.1:{self.server.server_address[1]}"
        self.url = f"{scheme}://{self.netloc}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self._folder.cleanup()

    def keep(self, exchange):
        with self._lock:
            self.exchanges.append(exchange)

    def rewritten(self, value):
        return value.replace(f"http://{self.target}", self.url)


def _handler(front):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            # The answer is kept as text, so it must not be compressed.
            headers = {name: value for name, value in self.headers.items() if name.lower() not in OWN_HEADERS}
            headers.pop("Accept-Encoding", None)
            headers.pop("accept-encoding", None)
            if body:
                headers["Content-Length"] = str(len(body))
            status, told, content = front.instead(self.command, self.path) or self.asked(headers, body)
            front.keep(Exchange(self.command, self.path, headers, body, status, told, content))
            self.send_response(status)
            for name, value in told.items():
                if name.lower() not in OWN_HEADERS | {"date", "server"}:
                    self.send_header(name, front.rewritten(value))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                try:
                    self.wfile.write(content)
                except ConnectionError:
                    # Whoever asked did not wait: no concern of the proxy.
                    self.close_connection = True

        def asked(self, headers, body):
            upstream = http.client.HTTPConnection(front.target, timeout=60)
            try:
                upstream.request(self.command, self.path, body or None, {**headers, "Host": front.target})
                answer = upstream.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()
            finally:
                upstream.close()

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = forward

        def log_message(self, *_):
            pass

    return Handler


def _certificate(folder):
    """A certificate for 127.0.0.1 that signs itself, as the two files that OpenSSL wants."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "front.pem", folder / "front.key"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return str(public), str(private)
