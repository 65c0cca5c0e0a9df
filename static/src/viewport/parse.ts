/** Bytes from outside that are not what the format says; `field` is where. */
export class FormatError extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(`${field} ${message}`);
    this.name = "FormatError";
    this.field = field;
  }
}

/** One value of unknown JSON, read strictly: every reader throws a `FormatError` that names the field. */
export class Field {
  constructor(
    readonly value: unknown,
    readonly name: string,
  ) {}

  get(key: string): Field {
    const value = this.value;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new FormatError(this.name, "must be an object");
    }
    const entry: unknown = Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
    return new Field(entry, this.name === "" ? key : `${this.name}.${key}`);
  }

  get missing(): boolean {
    return this.value === undefined || this.value === null;
  }

  text(): string {
    if (typeof this.value !== "string") {
      throw new FormatError(this.name, "must be text");
    }
    return this.value;
  }

  /** Text, or "" where it is missing: for words that are only shown. */
  words(): string {
    return this.missing ? "" : this.text();
  }

  number(): number {
    if (typeof this.value !== "number" || !Number.isFinite(this.value)) {
      throw new FormatError(this.name, "must be a finite number");
    }
    return this.value;
  }

  positive(): number {
    const value = this.number();
    if (value <= 0) {
      throw new FormatError(this.name, "must be above zero");
    }
    return value;
  }

  /** A whole number of at least `least`. */
  count(least = 0): number {
    const value = this.number();
    if (!Number.isInteger(value) || value < least) {
      throw new FormatError(this.name, `must be a whole number of at least ${least}`);
    }
    return value;
  }

  oneOf<T extends string | number>(...allowed: readonly T[]): T {
    const found = allowed.find((item) => item === this.value);
    if (found === undefined) {
      throw new FormatError(this.name, `must be one of ${allowed.join(", ")}`);
    }
    return found;
  }

  list(): Field[] {
    if (!Array.isArray(this.value)) {
      throw new FormatError(this.name, "must be a list");
    }
    return this.value.map((item: unknown, index) => new Field(item, `${this.name}[${index}]`));
  }

  orNull<T>(read: (field: Field) => T): T | null {
    return this.missing ? null : read(this);
  }
}
