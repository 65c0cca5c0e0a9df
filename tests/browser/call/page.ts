// A room with nothing in it but the call: what the tests in this folder drive, through `window.page` and the views.
import "../../../static/src/styles/site.css";
import "../../../static/src/styles/room.css";
import "../../../static/src/styles/call.css";
import { Call } from "../../../static/src/call/call";
import { Capture, pageDevices } from "../../../static/src/call/capture";
import { DataMeter } from "../../../static/src/call/meter";
import { StillCamera } from "../../../static/src/call/still_camera";
import { mountControls, mountLinkWords, mountPeople } from "../../../static/src/call/views";
import { Connection } from "../../../static/src/realtime/connection";

const asked = new URLSearchParams(location.search);
const me = asked.get("me") ?? "nobody";
const connections: RTCPeerConnection[] = [];
const heard: { from: string; state: unknown }[] = [];
const audience = new Set<string>();
const connection = new Connection({ wakeOn: [{ target: window, type: "online" }] });

connection.onConnect(async () => {
  const session_id = `page-${me}-${performance.timeOrigin}`.replace(/[^A-Za-z0-9_-]/g, "-");
  const message = { consult_id: asked.get("consult") ?? "c".repeat(32), session_id, me };
  const reply = await connection.request("join_consult", message as never);
  reply.participants.filter((one) => one.participant_id !== me).forEach((one) => audience.add(one.participant_id));
});
connection.on("participant_joined", ({ participant }) => audience.add(participant.participant_id));

const capture = new Capture(pageDevices());
const camera = new StillCamera();
const meter = new DataMeter();
const call = new Call({
  connection,
  me,
  iceServers: () => JSON.parse(asked.get("ice") ?? "[]") as RTCIceServer[],
  capture,
  network: window,
  grabStill: (track, bytes) => camera.grab(track, bytes),
  meter,
  audience: () => audience,
  createConnection: (configuration) => {
    // Without a TURN server this policy leaves no path at all; only the direct links ask for one bundle.
    const blocked = asked.has("blocked") && configuration.bundlePolicy === "max-bundle";
    const policy = asked.has("ice") || blocked ? ({ iceTransportPolicy: "relay" } as const) : {};
    const made = new RTCPeerConnection({ ...configuration, ...policy });
    connections.push(made);
    return made;
  },
});
call.awareness.on((from, state) => heard.push({ from, state }));

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) {
    throw new Error(`the page has no #${id}`);
  }
  return found;
}

const nameOf = (id: string) => ({ name: `Dr ${id.charAt(0).toUpperCase()}${id.slice(1)} Rao`, role: "specialist" });
const stage = element("stage");
mountPeople(element("people"), { call, ownName: nameOf(me).name, nameOf, stage });
mountControls(element("controls"), { call, nameOf, notices: stage });
mountLinkWords(element("link"), call);
Object.assign(window, { page: { call, meter, capture, connection, connections, heard, live: () => connections.at(-1) } });
connection.open();
