import type { Connection } from "../realtime/connection";
import { getJson } from "../ui/api";
import { parseManifest, type InstanceManifest } from "../viewport/manifest";
import { FormatError } from "../viewport/parse";

/** A file on its way in, as the server tells it. */
export interface IncomingFile {
  readonly id: string;
  readonly file_name: string;
  readonly size: number;
  readonly received: number;
  readonly state: "receiving" | "checking" | "stored" | "refused" | "cancelled";
  readonly reason: string | null;
  /** What shows of it already: its preview's instance. */
  readonly instances?: readonly string[];
}

interface CaseJson {
  readonly uploads: readonly IncomingFile[];
  readonly studies: readonly { readonly instances: readonly unknown[] }[];
}

/** The pictures of a case, oldest first, kept true by what the server tells. Knows no DOM. */
export class CasePictures {
  private readonly known = new Map<string, InstanceManifest>();
  private readonly incoming = new Map<string, IncomingFile>();
  private readonly handlers = new Set<() => void>();
  private isLoaded = false;
  private readonly removedHandlers = new Set<(id: string) => void>();
  private readonly instanceHandlers = new Set<(manifest: InstanceManifest) => void>();

  constructor(
    private readonly caseId: string,
    connection: Pick<Connection, "on">,
  ) {
    connection.on("instance_changed", ({ instance }) => this.take(instance));
    connection.on("instance_removed", ({ instance_id: id }) => this.remove(id));
    connection.on("upload_changed", ({ upload }) => this.takeUpload(upload));
  }

  get instances(): readonly InstanceManifest[] {
    return [...this.known.values()];
  }

  /** Files not yet stored, and those refused: they stay listed with their reason. */
  get files(): readonly IncomingFile[] {
    return [...this.incoming.values()].filter((file) => file.state !== "stored" && file.state !== "cancelled");
  }

  /** Whether the server has told of everything once. */
  get loaded(): boolean {
    return this.isLoaded;
  }

  /** What is known of a picture, or null. */
  find(id: string): InstanceManifest | null {
    return this.known.get(id) ?? null;
  }

  /** What is known of a file that was sent to the case, stored or not. */
  file(uploadId: string): IncomingFile | null {
    return this.incoming.get(uploadId) ?? null;
  }

  /** Asks the server for everything; call after every (re)connection, for facts in between were missed. */
  async load(): Promise<void> {
    const answer = await getJson<CaseJson>(`/imaging/cases/${this.caseId}`);
    const found = answer.studies.flatMap((study) => study.instances.flatMap((instance) => read(instance) ?? []));
    const before = [...this.known.values()];
    this.known.clear(); // the server's order, the same for everybody, then whatever came while it answered
    for (const manifest of [...found, ...before]) {
      if (!this.known.has(manifest.id)) {
        this.keep(manifest);
      }
    }
    this.isLoaded = true;
    answer.uploads.forEach((upload) => this.incoming.set(upload.id, upload));
    this.announce();
  }

  async manifest(id: string): Promise<InstanceManifest> {
    const known = this.known.get(id);
    if (known?.state === "ready" || known?.state === "provisional") {
      return known;
    }
    const fresh = parseManifest(await getJson<unknown>(`/imaging/instances/${id}`));
    this.known.set(fresh.id, fresh);
    this.announce();
    return fresh;
  }

  onChange(handler: () => void): void {
    this.handlers.add(handler);
  }

  onInstance(handler: (manifest: InstanceManifest) => void): void {
    this.instanceHandlers.add(handler);
  }

  /** Told when a picture was taken out of the case. */
  onRemoved(handler: (id: string) => void): void {
    this.removedHandlers.add(handler);
  }

  /** Takes in what the server answered of one instance, ahead of the fact that everybody is told. */
  tell(json: unknown): void {
    this.take(json);
  }

  private take(json: unknown): void {
    const manifest = read(json);
    if (manifest) {
      this.keep(manifest);
      this.announce();
    }
  }

  private remove(id: string): void {
    if (this.known.delete(id)) {
      this.removedHandlers.forEach((handler) => handler(id));
      this.announce();
    }
  }

  private keep(manifest: InstanceManifest): void {
    this.known.set(manifest.id, manifest);
    this.instanceHandlers.forEach((handler) => handler(manifest));
  }

  private takeUpload(upload: Readonly<Record<string, unknown>>): void {
    if (typeof upload.id === "string" && typeof upload.state === "string") {
      this.incoming.set(upload.id, upload as IncomingFile & typeof upload);
      this.announce();
    }
  }

  private announce(): void {
    this.handlers.forEach((handler) => handler());
  }
}

/** A manifest, or null for one that cannot be read: the other pictures must still show. */
function read(json: unknown): InstanceManifest | null {
  try {
    return parseManifest(json);
  } catch (error) {
    if (!(error instanceof FormatError)) {
      throw error;
    }
    console.error("a picture's description cannot be read:", error.message);
    return null;
  }
}
