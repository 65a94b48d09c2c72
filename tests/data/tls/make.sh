#!/bin/sh
# Makes the certificates of tests/program/remote.rs: an authority, and a server
# `localhost` that it vouches for. Both are valid until the year 2126. The keys
# protect nothing: the server is one that a test starts. The authority's is thrown away.
set -e
cd "$(dirname "$0")"
key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1"; }
key authority.key
key server.key
openssl req -x509 -new -key authority.key -days 36500 -subj "/CN=gpuana test authority" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign" -out authority.pem
openssl req -new -key server.key -subj "/CN=localhost" -out server.csr
printf 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' > server.ext
openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -set_serial 2 \
    -days 36500 -extfile server.ext -out server.pem
rm authority.key server.csr server.ext
