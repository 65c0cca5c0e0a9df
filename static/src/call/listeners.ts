type Handler<T> = (value: T) => void;

/** Typed events: `Events` maps each name to what its handlers are told. */
export class Listeners<Events extends object> {
  private readonly handlers = new Map<keyof Events, Set<(value: never) => void>>();

  /** Returns what takes the handler off again. */
  on<Name extends keyof Events>(name: Name, handler: Handler<Events[Name]>): () => void {
    const known = this.handlers.get(name) ?? new Set();
    this.handlers.set(name, known.add(handler));
    return () => void known.delete(handler);
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const handler of [...(this.handlers.get(name) ?? [])]) {
      (handler as Handler<Events[Name]>)(value);
    }
  }
}
