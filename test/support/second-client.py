"""An XMPP client that shares no code with the gateway, driven by JSON lines (see second-client.ts).

Arguments: one JSON object {jid, password, host, port, caFile, directTls, autoAnswer}.
In:  {"do": "send", "xml": …} | {"do": "stop"}
Out: {"event": "online", "jid"} | {"event": "failed", "reason"} | {"event": "stanza", "xml", "element"} | {"event": "closed", "reason"}
"""
import asyncio
import json
import sys
from xml.etree import ElementTree

from slixmpp import ClientXMPP

XML = "{http://www.w3.org/XML/1998/namespace}"


def tell(event, **members):
    sys.stdout.write(json.dumps({"event": event, **members}) + "\n")
    sys.stdout.flush()


def element(node):
    """The shape of src/stanza/element.ts."""
    xmlns, _, name = node.tag[1:].rpartition("}") if node.tag[0] == "{" else ("", "", node.tag)
    children = [node.text] if node.text else []
    for child in node:
        children.append(element(child))
        if child.tail:
            children.append(child.tail)
    attributes = {key.replace(XML, "xml:"): value for key, value in node.attrib.items()}
    return {"name": name, "xmlns": xmlns, "attributes": attributes, "children": children}


class Client(ClientXMPP):
    online = False

    def __init__(self, options):
        super().__init__(options["jid"], options["password"])
        self.auto_answer = options["autoAnswer"]
        # without a language of its own, no server puts one on what we send
        self.stream_header = self.stream_header.replace(f" xml:lang='{self.default_lang}'", "")
        self.ca_certs = options["caFile"]
        self.auto_authorize = None
        self.auto_subscribe = False
        self.enable_direct_tls = options["directTls"]
        if self.auto_answer:
            for plugin in ("xep_0030", "xep_0092", "xep_0199"):
                self.register_plugin(plugin)
        self.add_event_handler("session_start", self.started)
        self.add_event_handler("failed_all_auth", lambda _: self.give_up("authentication failed"))
        self.add_event_handler("connection_failed", lambda reason: self.give_up(str(reason)))
        self.add_event_handler("disconnected", lambda reason: self.give_up(str(reason)))

    def started(self, _):
        self.online = True
        tell("online", jid=self.boundjid.full)

    def give_up(self, reason):
        tell("closed" if self.online else "failed", reason=reason)
        self.loop.call_soon(self.loop.stop)

    def _spawn_event(self, xml):
        """Everything after the log-in is only told, so that nothing is answered unless that was asked for."""
        if self.online:
            tell("stanza", xml=ElementTree.tostring(xml, encoding="unicode"), element=element(xml))
        if not self.online or self.auto_answer:
            super()._spawn_event(xml)


def main():
    options = json.loads(sys.argv[1])
    client = Client(options)

    async def commands():
        reader = asyncio.StreamReader(limit=2**26)
        await client.loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            command = json.loads(line)
            if command["do"] == "stop":
                break
            client.send_raw(command["xml"])
        if client.is_connected():
            client.disconnect(wait=1.0)
        else:
            client.loop.stop()

    client.connect((options["host"], options["port"]), use_ssl=options["directTls"])
    task = client.loop.create_task(commands())
    client.loop.run_forever()
    del task


main()
