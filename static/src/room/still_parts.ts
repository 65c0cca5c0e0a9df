import "../styles/stills.css";
import { StillAsker } from "./still_asker";
import { StillBar } from "./still_bar";
import { StillOwner } from "./still_owner";
import type { StillsOptions } from "./stills";

/** Both sides of a still, fetched together: whoever asks may be asked. */
export class StillParts {
  readonly asker: StillAsker;
  readonly owner: StillOwner | null;

  constructor(options: StillsOptions) {
    const { connection, pictures, people, queue, capture, stage } = options;
    this.asker = new StillAsker({
      connection,
      pictures,
      bar: new StillBar(stage),
      nameOf: (id) => people.wordsOf(id).name,
      show: (id) => options.show(id),
    });
    this.owner = queue && new StillOwner({ connection, capture, queue, bar: new StillBar(stage) });
  }
}
