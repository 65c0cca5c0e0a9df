import { Field } from "../viewport/parse";

/** The server's list of STUN and TURN servers as the browser takes it (WebRTC 1.0, section 4.2.4). */
export function readIceServers(json: unknown): RTCIceServer[] {
  return new Field(json, "ice_servers").list().map((server) => {
    const urls = server.get("urls");
    const username = server.get("username").words();
    const credential = server.get("credential").words();
    return {
      urls: typeof urls.value === "string" ? urls.value : urls.list().map((url) => url.text()),
      ...(username === "" ? {} : { username, credential }),
    };
  });
}
