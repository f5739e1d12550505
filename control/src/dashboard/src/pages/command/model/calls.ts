/** What the command page asks the console for. */
import { ask, answered, DELETE, GET, matching, POST, PUT, Refused } from "@/api/client";
import type {
  CommandFile,
  Configuration,
  Mode,
  Preview,
  QueueToSave,
  Said,
  Validated,
  Version,
  VersionText,
} from "@/api/types";
export interface Which {
  mode: Mode;
  index: number;
}
export type Saved = CommandFile & { said: string; changed: boolean };

const at = ({ mode, index }: Which) => ({
  params: { path: { mode }, query: { config_index: index } },
});

export async function configurations(mode: Mode): Promise<Configuration[]> {
  return (await ask(GET("/api/commands/{mode}/list", { params: { path: { mode } } }))).configurations;
}

/** `hasDraft`: something was written for it. The casts: openapi-fetch takes pairs for lists. */
export async function commandFile(which: Which, hasDraft: () => boolean): Promise<CommandFile> {
  try {
    return (await ask(GET("/api/commands/{mode}", at(which)))) as CommandFile;
  } catch (error) {
    // What was written for one that was deleted elsewhere is still there to be saved.
    const isWanted = which.index === 0 || hasDraft();
    if (error instanceof Refused && error.status === 404 && isWanted) return nothing(which);
    throw error;
  }
}

/** Configuration 0 is there before its file is. */
function nothing({ mode, index }: Which): CommandFile {
  const stem = mode === "single" ? "command_gpu" : "command_gpus";
  return {
    all_faults: [],
    broken: [],
    deletable: false,
    etag: null,
    exists: false,
    faults: 0,
    index,
    mode,
    modified: null,
    path: index ? `${stem}_${String(index)}.txt` : `${stem}.txt`,
    queues: 0,
    running: null,
    size: 0,
    structure: [],
    tasks: 0,
    text: "",
    unreadable: false,
    why_not: null,
  };
}

export async function validate(which: Which, text: string, queues?: QueueToSave[]): Promise<Validated> {
  const body = { text, structured: true, config_index: which.index, ...(queues && { queues }) };
  const call = POST("/api/commands/{mode}/validate", { params: { path: { mode: which.mode } }, body });
  return (await ask(call)) as Validated;
}

export function preview(which: Which, text: string, signal?: AbortSignal): Promise<Preview> {
  const body = { text };
  return ask(
    POST("/api/commands/{mode}/preview", { ...at(which), body, signal: signal ?? null }),
  ) as Promise<Preview>;
}

/** `etag`: the version that was seen; null: there was none; "*": whatever is there. */
export async function save(which: Which, text: string, etag: string | null, draft: boolean): Promise<Saved> {
  const params = {
    path: { mode: which.mode },
    query: { config_index: which.index, draft },
    header: matching(etag),
  };
  return (await answered(PUT("/api/commands/{mode}", { params, body: { text } }))).data as Saved;
}

export async function make(mode: Mode, from?: number): Promise<Saved> {
  const body = from === undefined ? {} : { from_index: from };
  return (await ask(POST("/api/commands/{mode}/new", { params: { path: { mode } }, body }))) as Saved;
}

export function remove(which: Which, etag: string | null): Promise<Said> {
  const header = etag ? { "if-match": `"${etag}"` } : {};
  const params = { path: which, header };
  return ask(DELETE("/api/commands/{mode}/{index}", { params })) as Promise<Said>;
}

export async function versions(which: Which): Promise<Version[]> {
  return (await ask(GET("/api/commands/{mode}/versions", at(which)))).versions;
}

export function version(which: Which, id: number): Promise<VersionText> {
  const params = { path: { mode: which.mode, version: id }, query: { config_index: which.index } };
  return ask(GET("/api/commands/{mode}/versions/{version}", { params }));
}

export interface StartOptions {
  simulate: string;
  watch: boolean;
  fresh: boolean;
  paused: boolean;
}

export function start({ mode, index }: Which, { simulate, ...flags }: StartOptions): Promise<Said> {
  const query = { config_index: index, ...flags, ...(simulate && { simulate }) };
  return ask(
    POST("/api/scheduler/{mode}/start", { params: { path: { mode }, query } }),
  ) as unknown as Promise<Said>;
}

export interface Place extends Which {
  queue: number;
  task: number;
}

const placed = (place: Place, path?: string) => ({
  body: {
    mode: place.mode,
    config_index: place.index,
    queue_id: place.queue,
    process_index: place.task,
    ...(path !== undefined && { log_path: path }),
  },
});

export function bind(place: Place, path: string): Promise<Said> {
  return ask(POST("/api/log/bind", placed(place, path)));
}

export function unbind(place: Place): Promise<Said> {
  return ask(DELETE("/api/log/bind", placed(place)));
}
