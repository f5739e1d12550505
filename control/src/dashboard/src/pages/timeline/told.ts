/** What is said of a thing in a lane: where it is pointed at, and in the table. */
import type { TFunction } from "i18next";
import type { Status } from "@/api/types";
import { gb, measuredGb } from "@/format/memory";
import { absolute, clock, clockSeconds, duration } from "@/format/time";
import { errorOf } from "@/words/causes";
import { sentence } from "@/words/reasons";
import { gpuPage, logPage } from "@/shell/paths";
import { endOf, type Attempt, type Estimated, type Idle, type Item, type Lease, type People } from "./items";
import type { GpuHead } from "./lanes";
import { all, find, leaseSize, reasonOf, whose, type Told } from "./texts";

export interface Facts {
  /** null: nothing of ours. */
  state: Status | null;
  word: string;
  title: string;
  detail: string;
  rows: [label: string, value: string][];
  to: string;
  opens: string;
}

export interface Asked extends Told {
  now: number;
  gpus: readonly GpuHead[];
}

export function factsOf(item: Item, asked: Asked): Facts {
  switch (item.kind) {
    case "attempt":
      return ofAttempt(item, asked);
    case "idle":
      return ofIdle(item, asked);
    case "estimate":
      return ofEstimate(item, asked);
    case "people":
      return ofPeople(item, asked);
    case "lease":
      return ofLease(item, asked);
  }
}

function ofAttempt({ bar, task, look, isOpen, end }: Attempt, asked: Asked): Facts {
  const { t, now } = asked;
  const rows: Facts["rows"] = [];
  if (task.name) rows.push([t("timeline.task"), task.name]);
  if (bar.gpu_ids.length) rows.push([t("timeline.gpu"), cards(bar.gpu_ids, bar.gpu_uuids, asked)]);
  rows.push([t("timeline.time"), timeOf(bar.start, bar.end, isOpen, asked)]);
  if (isOpen && end !== Infinity && end > now)
    rows.push([t("timeline.guessed"), t("timeline.endsAbout", { at: clock(end, now) })]);
  const memory = memoryOf(bar.peak_gb, bar.asked_gb, t);
  if (memory) rows.push([t("timeline.memory"), memory]);
  const error = bar.how === "stopped" ? t("timeline.stoppedWhy") : errorOf(bar.error ?? "", bar.cause);
  if (error) rows.push([bar.how === "stopped" ? t("timeline.reason") : t("timeline.error"), error]);
  return {
    state: look,
    word:
      bar.how === "stopped"
        ? t("timeline.stopped")
        : look === "pending"
          ? t("timeline.noEnd")
          : t(`states.${look}`),
    title: task.task,
    detail: t("timeline.attempt", { number: bar.attempt }),
    rows,
    to: logPage(bar.log_path),
    opens: look === "failed" ? t("timeline.opensError") : t("timeline.opensLog"),
  };
}

function timeOf(start: number, end: number | null, isOpen: boolean, { t, now }: Asked): string {
  if (end === null && !isOpen) return t("timeline.timeFrom", { from: at(start, now) });
  if (end === null) return t("timeline.timeSince", { from: at(start, now), time: duration(now - start) });
  return t("timeline.timeSpan", { from: at(start, now), to: at(end, now), time: duration(end - start) });
}

/** "14:04:10"; with its date on another day. */
function at(time: number, now: number): string {
  return new Date(time * 1000).toDateString() === new Date(now * 1000).toDateString()
    ? clockSeconds(time)
    : absolute(time);
}

function memoryOf(peak: number | null, asked: number | null, t: TFunction): string {
  if (peak !== null && asked !== null)
    return t("timeline.peak", { peak: measuredGb(peak), asked: gb(asked) });
  if (peak !== null) return t("timeline.peakAlone", { peak: measuredGb(peak) });
  return asked === null ? "" : t("timeline.asked", { asked: gb(asked) });
}

/** "GPU 7, RTX 4090", and of several their numbers alone. */
function cards(ids: readonly string[], uuids: readonly string[], { t, gpus }: Asked): string {
  const name = ids.length === 1 ? gpus.find((one) => one.uuid === uuids[0])?.name : null;
  const said = `GPU ${all(ids, t)}`;
  return name ? t("timeline.who", { who: said, what: modelOf(name) }) : said;
}

function ofIdle(item: Idle, asked: Asked): Facts {
  const { t, now } = asked;
  const { task, look, since, isOpen, end } = item;
  const rows: Facts["rows"] = [];
  if (task.name) rows.push([t("timeline.task"), task.name]);
  rows.push([t("timeline.time"), timeOf(since, isOpen ? null : end, isOpen, asked)]);
  if (isOpen && look === "waiting")
    rows.push([
      t("timeline.guessed"),
      end === Infinity ? t("timeline.unknownStart") : t("state.startsAbout", { at: clock(end, now) }),
    ]);
  const why = isOpen ? whyOf(item, asked) : "";
  if (why) rows.push([look === "backoff" ? t("timeline.error") : t("timeline.reason"), why]);
  return {
    state: look,
    word: t(`states.${look}`),
    title: task.task,
    detail: "",
    rows,
    to: stateOf(task.task),
    opens: t("timeline.opensState"),
  };
}

function whyOf({ task, look }: Idle, { schedulers }: Asked): string {
  const known = find(schedulers, task.scheduler, task.queue_id, task.key);
  if (known?.state.status === "backoff") return sentence(errorOf(known.state.error, known.state.cause));
  const reason = look === "waiting" ? reasonOf(known) : "";
  return reason && sentence(reason);
}

function ofEstimate({ estimate, start, end }: Estimated, { t, now }: Asked): Facts {
  const rows: Facts["rows"] = [];
  if (estimate.name) rows.push([t("timeline.task"), estimate.name]);
  const said = { at: clock(start, now), end: clock(end, now) };
  rows.push([t("timeline.guessed"), t("timeline.startsAbout", said)]);
  return {
    state: estimate.status,
    word: t(`states.${estimate.status}`),
    title: estimate.task,
    detail: "",
    rows,
    to: stateOf(estimate.task),
    opens: t("timeline.opensState"),
  };
}

function ofPeople(item: People, asked: Asked): Facts {
  const { t, users, gpus, now } = asked;
  const { others, isOpen } = item;
  const card = gpus.find((one) => one.uuid === others.uuid);
  const named = isOpen ? (users.get(others.uuid) ?? []) : [];
  return {
    state: null,
    word: whose(others.own, named, t),
    title: "",
    detail: "",
    rows: [
      [t("timeline.gpu"), card ? cards([card.index], [card.uuid], asked) : others.uuid],
      [t("timeline.time"), timeOf(others.start, isOpen ? null : endOf(item, now), isOpen, asked)],
      [t("timeline.memory"), `${measuredGb(others.gb)} GB`],
    ],
    to: cardPage(card),
    opens: t("timeline.opensGpu"),
  };
}

function ofLease({ lease, uuid }: Lease, asked: Asked): Facts {
  const { t, gpus } = asked;
  const card = gpus.find((one) => one.uuid === uuid);
  return {
    state: null,
    word: t("timeline.who", { who: lease.user, what: leaseSize(lease.declared_gb, t) }),
    title: "",
    detail: "",
    rows: [
      [t("timeline.gpu"), card ? cards([card.index], [card.uuid], asked) : uuid],
      [t("timeline.label"), lease.label],
      [t("timeline.time"), t("timeline.unknownSince")],
    ],
    to: cardPage(card),
    opens: t("timeline.opensGpu"),
  };
}

const stateOf = (task: string) => `/ui/state?text=${encodeURIComponent(task)}`;
const cardPage = (card: GpuHead | undefined) => (card ? gpuPage(card.index) : "/ui/gpu");

/** "RTX 4090" of "NVIDIA GeForce RTX 4090", "A100" of "NVIDIA A100-SXM4-80GB". */
export function modelOf(name: string): string {
  const model = name.replace(/^(NVIDIA|Tesla|GeForce|Quadro|\s)+/i, "");
  return model.replace(/[- ](SXM|PCIe|HBM|\d+ ?GB).*$/i, "") || name;
}
