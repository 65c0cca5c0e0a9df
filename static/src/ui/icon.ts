const SVG = "http://www.w3.org/2000/svg";

function spriteUrl(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="icon-sprite"]')?.content ?? "";
}

/**
 * A drawing from the sprite, named in static/icons.json. It takes the text's colour and is hidden from screen
 * readers: the words beside it, or the control's aria-label, say what it means.
 */
export function icon(name: string): SVGSVGElement {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${spriteUrl()}#${name}`);
  drawing.append(use);
  return drawing;
}
