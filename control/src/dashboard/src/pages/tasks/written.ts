/** New tasks that were written and not sent, each by what it is a copy of ("": of nothing): they are there again when
 * the form is, also after the page was loaded anew. Variables may be secret, and live only as long as the page. */
import { keep, ofPlace, recall } from "@/parts/kept";
import { EMPTY, type Draft } from "./form";

const KEPT = "gpulane-new-task";
/** Those that were written last; somebody may begin many copies. */
const MOST = 8;

type Name = keyof Draft;
/** The last one was written last. */
type Kept = ReadonlyMap<string, Partial<Draft>>;

const here = new Map<string, Draft>();

/** `first`: what the form begins with otherwise. */
export function written(copy: string, first: Draft): Draft {
  return here.get(copy) ?? { ...first, ...readKept(recall(ofPlace(KEPT))).get(copy) };
}

/** null: it was sent, or is not wanted any more. What another tab has written since stays. */
export function write(copy: string, draft: Draft | null): void {
  const all = readKept(recall(ofPlace(KEPT)));
  const [mine, its] = [here.get(copy), all.get(copy)];
  if (draft) here.set(copy, draft);
  else here.delete(copy);
  if (!draft && mine && its && JSON.stringify(sound(mine)) !== JSON.stringify(its)) return;
  const kept = [...all].filter(([of]) => of !== copy);
  if (draft) kept.push([copy, sound(draft)]);
  keep(ofPlace(KEPT), kept.length ? JSON.stringify(kept.slice(-MOST)) : null);
}

/** What could stand in a form, of what stands there: something else may have written it. */
export function readKept(text: string | null): Kept {
  try {
    const found = JSON.parse(text ?? "[]") as [string, Partial<Draft>][];
    return new Map(found.map(([copy, draft]) => [copy, sound(draft)]));
  } catch {
    return new Map();
  }
}

/** Without variables. */
function sound(draft: Partial<Draft>): Partial<Draft> {
  const names = (Object.keys(EMPTY) as Name[]).filter((name) => name !== "env" && isLike(name, draft[name]));
  return Object.fromEntries(names.map((name) => [name, draft[name]]));
}

function isLike(name: Name, value: unknown): boolean {
  switch (name) {
    case "gpus":
    case "memory":
    case "retries":
    case "priority":
      return typeof value === "number" || typeof value === "string";
    case "copyOf":
    case "queue":
      return value === null || typeof value === "number";
    case "simulate":
      return value === null || typeof value === "string";
    default:
      return typeof value === typeof EMPTY[name];
  }
}
