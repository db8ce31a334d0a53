-- An XMPP server for trying the gateway: no federation, clients inside the compose network only.
daemonize = false
pidfile = "/tmp/prosody.pid"
data_path = ENV_PROSODY_DATA or "/var/lib/prosody"
log = { info = "*console" }
interfaces = { "*" }
c2s_ports = { ENV_PROSODY_PORT or 5222 }
c2s_require_encryption = true
authentication = "internal_hashed"
storage = "internal"
allow_registration = false
local certificates = ENV_CERTIFICATES or "/certificates"
ssl = { key = certificates .. "/prosody.key"; certificate = certificates .. "/prosody.pem" }
modules_enabled = {
	"roster"; "saslauth"; "tls"; "disco"; "carbons"; "smacks"; "mam"; "offline"; "pep"; "private"; "blocklist";
	"vcard4"; "vcard_legacy"; "ping"; "version"; "time"; "csi";
}
modules_disabled = { "s2s" }
VirtualHost "prosody"
Component "conference.prosody" "muc"
