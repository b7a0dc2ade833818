#!/usr/bin/env bash
# influxd 2.9.1
#
# With `--tls-cert` and `--tls-key`, influxd takes no other curves than P-256, P-384 and P-521, and none that is safe from quantum
# computers. OpenSSL, Go and browsers begin a handshake of TLS 1.3 with X25519, alone or beside X25519MLKEM768. influxd answers with a
# HelloRetryRequest, so that each connection takes a round trip more than TLS 1.3 needs: as many as TLS 1.2. A client that begins with
# P-256 is served at once, and one that has nothing but X25519 is refused. No option of influxd changes that.
#
# Guessed: a server written in Go takes X25519, the first choice of Go's TLS. Seen: `as OpenSSL begins: 2 flights`, and
# `X25519: refused`.
# Needs openssl, Python 3 and influxd 2.9.1. INFLUXD may name one; without it, one is built from its Go module, for which Go, Rust
# and a C compiler are needed and some ten minutes. Ends with 0 as long as this holds.
set -euo pipefail
folder=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null || true; wait; chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"

if [ -z "${INFLUXD:-}" ]; then
  export GOFLAGS=-mod=mod PKG_CONFIG=$folder/pkg-config RUSTUP_TOOLCHAIN=${RUSTUP_TOOLCHAIN:-stable}
  # Flux forbids warnings, and newer versions of Rust have more of them.
  printf '#!/bin/sh\nexec "$@" --cap-lints warn\n' >rustc-lenient
  chmod +x rustc-lenient
  export RUSTC_WRAPPER=$folder/rustc-lenient
  go mod init finding.invalid/probe 2>/dev/null
  go get github.com/influxdata/influxdb/v2/cmd/influxd@v2.9.1 2>/dev/null
  go get github.com/influxdata/pkg-config@v0.3.0 2>/dev/null
  go build -o pkg-config github.com/influxdata/pkg-config
  PATH=$folder:$PATH go build -ldflags '-X main.version=v2.9.1' -o influxd github.com/influxdata/influxdb/v2/cmd/influxd
  INFLUXD=$folder/influxd
fi
"$INFLUXD" version | grep -q 'v2\.9\.1 ' || { echo "this is about influxd 2.9.1 only"; exit 2; }

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 1 -subj /CN=probe \
  -addext subjectAltName=IP:127.0.0.1 2>/dev/null
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$INFLUXD" --reporting-disabled --http-bind-address="127.0.0.1:$port" --bolt-path=bolt --sqlite-path=sqlite \
  --engine-path=engine --tls-cert=cert.pem --tls-key=key.pem >log 2>&1 &
server=$!
until curl -sfo /dev/null --cacert cert.pem "https://127.0.0.1:$port/api/v2/setup"; do sleep 0.1; kill -0 $server; done

cat >probe.py <<'END_OF_PROBE'
import socket
import ssl
import sys


def flights(curve):
    context = ssl.create_default_context(cafile="cert.pem")
    if curve:
        context.set_ecdh_curve(curve)
    received, to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(received, to_send, server_hostname="127.0.0.1")
    count = 0
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
        while True:
            try:
                tls.do_handshake()
                return f"{count} flights, {tls.version()}"
            except ssl.SSLWantReadError:
                data = to_send.read()
                count += bool(data)
                connection.sendall(data)
                received.write(connection.recv(65536))
            except ssl.SSLError:
                return "refused"


for name, curve in (
    ("as OpenSSL begins", None),
    ("P-256", "prime256v1"),
    ("P-384", "secp384r1"),
    ("P-521", "secp521r1"),
    ("X25519", "X25519"),
):
    print(f"{name}: {flights(curve)}")
END_OF_PROBE
python3 probe.py "$port" | tee seen
diff seen - <<'END_OF_KNOWN' || { echo "changed: see the lines above"; exit 1; }
as OpenSSL begins: 2 flights, TLSv1.3
P-256: 1 flights, TLSv1.3
P-384: 1 flights, TLSv1.3
P-521: 1 flights, TLSv1.3
X25519: refused
END_OF_KNOWN
echo "as known: no X25519, and a handshake as clients begin it takes two round trips"
