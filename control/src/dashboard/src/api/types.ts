/** The API's types under short names; they are generated from help/openapi.json (`npm run types`). */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Scheduler = Schemas["Scheduler"];
export type SchedulerState = Schemas["ShownState"];
export type Queue = Schemas["ShownQueue"];
export type Task = Schemas["ShownTask"];
export type TaskState = Task["state"];
export type Status = Schemas["ShownQueue"]["status"];
export type Cause = Schemas["Failed"]["cause"];
export type Blocker = Schemas["Waiting"]["blockers"][number];
export type Card = Schemas["GpuCard"];
export type Gpus = Schemas["Gpus"];
export type Identity = Schemas["Identity"];
export type Said = Schemas["Said"];
export type Problem = Schemas["ProblemDetails"];
export type Fault = Schemas["Fault"];
export type Mode = Scheduler["state"] extends infer S ? (S extends { mode: infer M } ? M : never) : never;
export type Configuration = Schemas["Configuration"];
export type CommandFile = Schemas["CommandFile"];
/** A queue of a command file, and a block of it: what is written, not what runs. */
export type FileQueue = Schemas["Queue"];
export type FileTask = Schemas["Task"];
export type FileOptions = Schemas["Options-Output"];
export type QueueToSave = Schemas["QueueToSave"];
export type TaskToSave = Schemas["TaskToSave"];
export type Validated = Schemas["Validated"];
export type Broken = Schemas["Broken"];
export type Preview = Schemas["Preview"];
export type PreviewRow = Schemas["ShownRow"];
export type Version = Schemas["Version"];
export type VersionText = Schemas["VersionText"];
export type Bound = Schemas["Bound"];
