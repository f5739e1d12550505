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
export type OtherLease = Card["other_leases"][number];
export type Timeline = Schemas["Timeline"];
export type TimelineBar = Schemas["TimelineBar"];
export type TimelineTask = Schemas["TimelineTask"];
export type TimelineEstimate = Schemas["TimelineEstimate"];
export type OthersBar = Schemas["OthersBar"];
export type Gpus = Schemas["Gpus"];
export type GpuAllowance = Schemas["GpuAllowance"];
export type GpuProcess = Schemas["GpuProcess"];
export type GpuProcesses = Schemas["GpuProcesses"];
export type GpuSamples = Schemas["GpuSamples"];
export type CardSamples = Schemas["CardSamples"];
export type Identity = Schemas["Identity"];
export type Said = Schemas["Said"];
export type Problem = Schemas["ProblemDetails"];
export type Fault = Schemas["Fault"];
export type Mode = Scheduler["state"] extends infer S ? (S extends { mode: infer M } ? M : never) : never;
<<<<<<< HEAD
export type TaskSummary = Schemas["TaskSummary"];
export type TaskDetail = Schemas["TaskDetail"];
export type TaskAttempt = Schemas["TaskAttempt"];
export type TaskCreate = Schemas["TaskCreate"];
export type Preview = Schemas["Preview"];
export type PreviewRow = Schemas["ShownRow"];
export type History = Schemas["History"];
export type HistoryTask = Schemas["HistoryTask"];
export type HistoryAttempt = Schemas["HistoryAttempt"];
export type HistoryRun = Schemas["HistoryRun"];
export type QueueFigures = Schemas["QueueFigures"];
export type MemoryFigures = Schemas["MemoryFigures"];
export type Spread = Schemas["Spread"];
export type Config = Schemas["Config"];
export type ConfigKey = Schemas["Key"];
export type ControlConfig = Schemas["ControlConfig"];
export type AuditEntry = Schemas["AuditEntry"];
export type CardProcesses = Schemas["CardProcesses"];
export type Version = Schemas["Version"];
export type LogPart = Schemas["Part"];
export type LogMatch = Schemas["Match"];
export type LogAttempt = Schemas["Attempt"];
export type SchedulerLog = Schemas["SchedulerLog"];
=======
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
>>>>>>> ea9644e4746e722c8fa34da5cd63e8548c1e6c13
