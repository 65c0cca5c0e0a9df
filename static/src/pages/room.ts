import "../styles/room.css";
import "../styles/call.css";
import "../styles/stage.css";
import "../styles/record.css";
import "../styles/pictures.css";
import { Call } from "../call/call";
import { Capture, pageDevices } from "../call/capture";
import { systemClock } from "../call/clock";
import { linkSentence } from "../call/link_words";
import { DataMeter } from "../call/meter";
import { StillCamera } from "../call/still_camera";
import { linkSummary } from "../call/summary";
import { mountControls, mountPeople } from "../call/views";
import { CaseQueue } from "../capture/page_queue";
import { Connection } from "../realtime/connection";
import type { JoinedConsult } from "../realtime/protocol";
import { Recordings } from "../recording/recordings";
import { RecordingSign } from "../recording/sign";
import { AddSheet } from "../room/add_sheet";
import { CasePictures } from "../room/case_pictures";
import { Chat } from "../room/chat";
import { readIceServers } from "../room/ice_servers";
import { GivingWay } from "../room/giving_way";
import { mountLinkButton } from "../room/link_button";
import { linkWords } from "../room/link_words";
import { endRoom, linkButton, Notices } from "../room/notices";
import { readRoomPage } from "../room/page_data";
import { People } from "../room/people";
import { mountRecordSheet } from "../room/record_sheet";
import { RoomViews } from "../room/room_views";
import { Stills } from "../room/stills";
import { Strip } from "../room/strip";
import { mountStage, type AwarenessChannel, type StageHandle } from "../stage/stage";
import { t } from "../ui/text";
import { isHeld } from "../viewport/held_picture";
import type { InstanceManifest } from "../viewport/manifest";
import { heldWords } from "../viewport/notice";

const ENDED = new Set(["concluded", "cancelled", "declined"]);
const GUESTS = new Set(["patient", "attendant"]);

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) {
    throw new Error(`the room's page lacks #${id}`);
  }
  return found;
}

/** 32 hexadecimal digits; not randomUUID, which plain http from another machine does not have. */
function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The consult room: joins the consult, then puts people, stage, strip, record and call together. */
class Room {
  private readonly page = readRoomPage();
  private readonly main = element("main");
  private readonly sessionId = randomName();
  private readonly notices = new Notices(this.main);
  private readonly connection = new Connection({
    consultId: this.page.consultId,
    wakeOn: [
      { target: window, type: "online" },
      { target: document, type: "visibilitychange" },
    ],
  });
  private readonly people = new People(this.connection);
  private readonly pictures = new CasePictures(this.page.caseId, this.connection);
  private readonly queue = this.page.rights.has("add_pictures") ? new CaseQueue(this.page.caseId) : null;
  private readonly addSheet = this.queue && new AddSheet(this.main, this.queue, this.page.rights.has("decide_holds"));
  private readonly meter = new DataMeter();
  private readonly stillCamera = new StillCamera();
  private seat: JoinedConsult | undefined;
  private serverOffset = 0;
  private call: Call | undefined;
  private stage: StageHandle | undefined;
  private stills: Stills | undefined;

  /** Opens the link; everything else follows the first time the consult is joined. */
  open(): void {
    this.connection.onConnect(() => this.join());
    this.connection.on("moved_elsewhere", () => this.movedElsewhere());
    this.connection.on("removed", ({ reason }) => this.removed(reason));
    this.connection.on("consult_changed", ({ state }) => this.stateChanged(state));
    this.connection.onStatus((state) => {
      if (state.refusal?.code === "not_found" || state.refusal?.code === "not_allowed") {
        this.removed(state.refusal.message);
      }
    });
    this.connection.open();
    setInterval(() => this.drawLink(), 1000);
  }

  private async join(): Promise<void> {
    const asked = Date.now();
    const seat = await this.connection.request("join_consult", {
      consult_id: this.page.consultId,
      session_id: this.sessionId,
    });
    this.serverOffset = seat.server_time - (asked + Date.now()) / 2;
    this.people.replace(seat.participants);
    const first = this.seat === undefined;
    this.seat = seat;
    if (first) {
      this.furnish(seat);
    } else if (seat.state !== this.page.state) {
      this.stateChanged(seat.state);
    }
    // Not awaited: the room must not wait for a list of pictures over a thin link.
    this.pictures.load().catch(() => this.notices.say(t("The list of pictures could not be fetched. It is tried again."), "warning"));
  }

  private furnish(seat: JoinedConsult): void {
    const capture = new Capture(pageDevices());
    const call = this.makeCall(seat, capture);
    this.call = call;
    const nameOf = (id: string): { name: string; role: string } => this.people.wordsOf(id);
    const people = mountPeople(element("people"), {
      call,
      ownName: seat.name,
      nameOf,
      stage: element("stage"),
      actions: (id) => this.stills?.actions(id) ?? [],
    });
    mountControls(element("controls"), {
      call,
      nameOf,
      notices: element("stage"),
      onLeft: () => this.notices.say(t("You left the call. The room stays open.")),
    });
    const stage = this.mountStage(seat, call.awareness);
    this.stage = stage;
    this.mountStrip(stage);
    if (!GUESTS.has(seat.role)) {
      mountRecordSheet(this.main, { consultId: this.page.consultId, role: seat.role, connection: this.connection, stage });
    }
    this.mountStills(call, capture, (id) => {
      people.makeRoom();
      void stage.show(id);
    });
    const chat = this.mountChat(seat, stage);
    this.mountRecording(seat, call);
    const way = this.giveWay(call, chat);
    mountLinkButton(element("link"), this.main, call, this.meter, way);
    void call.watch();
    this.addSheet?.warm();
    exposeForTests({ stage, call, chat, meter: this.meter, way, connection: this.connection });
  }

  private giveWay(call: Call, chat: Chat): GivingWay {
    return new GivingWay({
      call,
      meter: this.meter,
      queue: this.queue,
      report: (use) => this.connection.request("report_data", use),
      openChat: () => void chat.open(),
      offerQuestion: () => this.offerQuestion(),
      say: (sentence, kind) => this.notices.say(sentence, kind),
    });
  }

  /** Nobody can talk for a minute: the consult may go on in writing, without anybody waiting. */
  private offerQuestion(): void {
    if (!GUESTS.has(this.page.role) && !ENDED.has(this.page.state)) {
      this.notices.say(
        t("The call does not come through. You can leave this as a question: the specialist answers when there is a link."),
        "warning",
        linkButton(t("Leave as a question"), `/consults/${this.page.consultId}`),
      );
    }
  }

  private makeCall(seat: JoinedConsult, capture: Capture): Call {
    return new Call({
      connection: this.connection,
      me: seat.participant_id,
      iceServers: () => readIceServers(this.seat?.ice_servers ?? []),
      capture,
      audience: () => this.others(),
      network: window,
      grabStill: (track, bytes) => this.stillCamera.grab(track, bytes),
      meter: this.meter,
    });
  }

  private mountStills(call: Call, capture: Capture, show: (instanceId: string) => void): void {
    const { connection, people, pictures, queue } = this;
    const places = { stage: element("stage"), controls: element("controls") };
    const mayAsk = this.page.rights.has("present");
    this.stills = new Stills({ connection, call, capture, people, pictures, queue, mayAsk, show, ...places });
  }

  private mountChat(seat: JoinedConsult, stage: StageHandle): Chat {
    return new Chat({
      consultId: this.page.consultId,
      me: seat.participant_id,
      mayWrite: this.page.rights.has("write_chat"),
      room: this.main,
      controls: element("controls"),
      connection: this.connection,
      queue: this.queue,
      pictures: this.pictures,
      show: (id) => void stage.show(id),
      say: (sentence) => this.notices.say(sentence),
    });
  }

  private mountRecording(seat: JoinedConsult, call: Call): void {
    const hush = (): (() => void) => {
      const { audio, video } = call.own;
      void call.setAudio(false);
      void call.setVideo(false);
      return () => {
        void (audio && call.setAudio(true));
        void (video && call.setVideo(true));
      };
    };
    const recordings = new Recordings({ connection: this.connection, me: seat.participant_id, hush });
    new RecordingSign({
      recordings,
      room: this.main,
      sign: element("recording-sign"),
      controls: element("controls"),
      mayAsk: this.page.rights.has("record"),
      answersForOthers: seat.role === "treating_doctor",
      inCall: () => call.state.kind === "in",
      onCall: (changed) => call.on("state", changed),
      say: (sentence, kind) => this.notices.say(sentence, kind),
    });
    void recordings.load().catch(() => undefined); // asked again with the next connection
  }

  private others(): string[] {
    const everyone = this.people.all.filter((person) => person.present);
    return everyone.map((person) => person.participant_id).filter((id) => id !== this.seat?.participant_id);
  }

  private mountStage(seat: JoinedConsult, awareness: AwarenessChannel): StageHandle {
    const stage = mountStage(element("stage"), {
      consultId: this.page.consultId,
      me: { participant_id: seat.participant_id, name: seat.name, role: seat.role },
      transport: this.connection,
      awareness,
      instances: () => this.pictures.instances,
      loadManifest: (id) => this.pictures.manifest(id),
      readOnly: ENDED.has(seat.state),
      onShown: (instance) => this.strip?.mark(instance),
      onMessage: (sentence, kind) => this.notices.say(sentence, kind),
      serverNow: () => Date.now() + this.serverOffset,
      ...(this.page.rights.has("calibrate") ? { calibrate: (instance, points) => void this.askRuler(instance, points) } : {}),
      participants: () => this.people.all,
    });
    this.people.onChange(() => stage.participantsChanged());
    this.pictures.onInstance((manifest) => {
      stage.instanceChanged(manifest);
      this.tellHeld(manifest);
    });
    this.pictures.onRemoved((id) => stage.instanceRemoved(id));
    this.connection.onStatus(({ status }) => stage.setConnection(status));
    return stage;
  }

  private strip: Strip | undefined;
  private readonly heldTold = new Set<string>();

  private async decideHold(instanceId: string): Promise<void> {
    const { askWhoseItIs } = await import("../guards/hold_dialog");
    const say = (sentence: string): void => this.notices.say(sentence, "warning");
    await askWhoseItIs(instanceId, () => void this.pictures.load(), say);
  }

  private async askRuler(instance: InstanceManifest, points: readonly number[]): Promise<void> {
    const { askRulerLength } = await import("../guards/scale_dialog");
    askRulerLength(instance, points, (manifest) => this.pictures.tell(manifest));
  }

  private roomViews(stage: StageHandle): RoomViews {
    const views = new RoomViews(this.main, {
      caseId: this.page.caseId,
      connection: this.connection,
      pictures: this.pictures,
      queue: this.queue,
      show: (id) => void stage.show(id),
      say: (sentence, kind) => this.notices.say(sentence, kind),
      changed: () => this.strip?.draw(),
    });
    this.connection.onConnect(() => views.load());
    return views;
  }

  /** Says once that a picture is held, at both sides. */
  private tellHeld(manifest: InstanceManifest): void {
    if (isHeld(manifest) && !this.heldTold.has(manifest.id)) {
      this.heldTold.add(manifest.id);
      this.notices.say(heldWords(), "warning");
    }
  }

  private mountStrip(stage: StageHandle): void {
    const roomViews = GUESTS.has(this.page.role) ? null : this.roomViews(stage);
    const strip = new Strip(element("strip"), {
      pictures: this.pictures,
      queue: this.queue,
      add: () => void this.addPictures(),
      show: (id) => void stage.show(id),
      keyInstances: () => new Set([...stage.keyImages().values()].map((image) => image.instance)),
      views: roomViews && { count: () => roomViews.count, open: () => void roomViews.open() },
      decide: this.page.rights.has("decide_holds") ? (id) => void this.decideHold(id) : null,
      say: (sentence) => this.notices.say(sentence),
    });
    this.strip = strip;
    stage.onKeyImages(() => strip.draw());
  }

  private async addPictures(): Promise<void> {
    try {
      await this.addSheet?.open();
    } catch {
      this.notices.say(t("Adding pictures could not be opened: the link is gone. Try again when it is back."), "warning");
    }
  }

  private stateChanged(state: string): void {
    if (!ENDED.has(state)) {
      return;
    }
    this.stage?.setConnection("down");
    const back = linkButton(t("Open the record"), `/consults/${this.page.consultId}`);
    const guest = GUESTS.has(this.page.role);
    endRoom(
      this.main,
      t("This consult has ended"),
      guest ? t("Your doctor will tell you what was decided. You may close this page.") : t("Everything is kept in the case."),
      guest ? [] : [back],
    );
  }

  private movedElsewhere(): void {
    this.leaveForGood();
    endRoom(this.main, t("Open in another place"), t("You opened this consult in another tab or on another device. It goes on there."), [
      linkButton(t("Use it here instead"), location.href),
    ]);
  }

  private removed(reason: string): void {
    this.leaveForGood();
    endRoom(this.main, t("You are no longer in this room"), reason, GUESTS.has(this.page.role) ? [] : [linkButton(t("Back to the start"), "/")]);
  }

  private leaveForGood(): void {
    void this.call?.leave();
    this.connection.close();
  }

  private drawLink(): void {
    const line = element("link");
    const server = this.connection.state;
    const summary = this.call?.state.kind === "in" ? linkSummary(this.call.memberViews, this.call.own.chosen !== null) : null;
    const fromServer = linkWords(server, Date.now());
    line.textContent = fromServer || (summary ? linkSentence(summary, systemClock.now()) : "");
    this.stage?.setThrifty(summary !== null && (summary.weak || summary.paused)); // the voice comes first
    line.dataset.state = server.status === "down" ? "gone" : (summary?.state ?? "none");
  }
}

/** What browser tests read: the page's own state, nothing that the person cannot see. */
function exposeForTests(room: { stage: StageHandle; call: Call; chat: Chat; meter: DataMeter; way: GivingWay; connection: Connection }): void {
  Object.assign(window, { nidaan: room });
}

new Room().open();
