/** Rows with more room, where they were asked for: kept in this browser. In CSS it is `--gl-more`. */
import { keep, recall } from "./kept";

const KEPT = "gpulane-comfortable";
const MORE = 8;

export function isComfortable(): boolean {
  return recall(KEPT) !== null;
}

export function setComfortable(wanted: boolean): void {
  keep(KEPT, wanted ? "yes" : null);
  tellDocument();
}

/** Pixels that each row has more, for rows whose height is reckoned with. */
export function moreHeight(): number {
  return isComfortable() ? MORE : 0;
}

function tellDocument(): void {
  document.documentElement.toggleAttribute("data-comfortable", isComfortable());
}

tellDocument();
