#!/bin/bash
# Makes a private certificate authority once (the gateway trusts its ca.pem), two accounts, and becomes Prosody.
set -euo pipefail
certificates=${CERTIFICATES:-/certificates}
config=${PROSODY_CONFIG:-/etc/prosody/prosody.cfg.lua}
ec='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
cd "$certificates"
if [ ! -f prosody.pem ]; then
  openssl req -x509 $ec -days 3650 -subj '/CN=trial authority' -keyout ca.key -out ca.pem 2> /dev/null
  openssl req -new $ec -subj /CN=prosody -keyout prosody.key -out prosody.csr 2> /dev/null
  openssl x509 -req -in prosody.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -out prosody.pem \
    -extfile <(echo 'subjectAltName=DNS:prosody,DNS:conference.prosody') 2> /dev/null
  chmod 600 ./*.key
fi
for name in alice bob; do
  prosodyctl --config "$config" register "$name" prosody "$name-password"
done
exec prosody -F --config "$config"
