import { expect, it } from "vitest";
import type { Card, TaskDetail, TaskSummary } from "@/api/types";
import {
  bodyOf,
  cardsOf,
  copied,
  EMPTY,
  envOf,
  faultsByField,
  isSame,
  queuesOf,
  saysMore,
  wrongLine,
} from "./form";

const DETAIL = {
  id: 7,
  name: "hrnet",
  gpu_type: "A100",
  gpu_count: 2,
  memory_gb: 12,
  command: "python a.py",
  cwd: null,
  retries: 0,
  timeout: "2h",
  priority: 0,
  hold: true,
  env: { TOKEN: "********", A: "x=y" },
  devices: null,
  tmux: false,
} as unknown as TaskDetail;

it("copies all but that it was held and its queue, and says whose copy it is", () => {
  const body = bodyOf(copied(DETAIL));
  expect(body).toMatchObject({
    name: "hrnet",
    gpu_type: "A100",
    gpu_count: 2,
    memory_gb: 12,
    retries: 0,
    timeout: "2h",
    hold: false,
    queue: null,
    copy_of: 7,
    env: { TOKEN: "********", A: "x=y" },
  });
});

it("sends null for what is not said", () => {
  expect(bodyOf({ ...EMPTY, commands: "ls", memory: "", name: " " })).toMatchObject({
    name: null,
    gpu_type: null,
    gpu_count: 1,
    memory_gb: null,
    retries: null,
    priority: 0,
    env: {},
  });
  expect(bodyOf({ ...EMPTY, gpus: 0, memory: 4 }).memory_gb).toBeNull();
});

it("stands at the end of a queue", () => {
  expect(bodyOf({ ...EMPTY, commands: "ls" }).queue).toBeNull();
  expect(bodyOf({ ...EMPTY, commands: "ls", queue: 5 })).toMatchObject({ queue: 5, hold: false });
  expect(isSame(EMPTY, { ...EMPTY, queue: 5 })).toBe(false);
});

it("calls queues by their last task, and has those first that were added to last", () => {
  const task = (id: number, task: string, name: string | null) => ({ id, task, name }) as TaskSummary;
  const tasks = [
    task(7, "5/1", "pose"),
    task(9, "3/0", null),
    task(4, "5/0", "prepare"),
    task(11, "12/-", "x"),
  ];
  expect(queuesOf(tasks)).toEqual([
    { id: 12, name: "x" },
    { id: 3, name: null },
    { id: 5, name: "pose" },
  ]);
});

it("counts the cards that its scheduler has", () => {
  const card = (index: string, total_gb: number, simulated: boolean) =>
    ({ index, total_gb, simulated }) as Card;
  const cards = [card("0", 79.6, false), card("0", 24, true), card("1", 24, true), card("0", 48, true)];
  expect(cardsOf(cards, null)).toEqual([cards[0]]);
  expect(cardsOf(cards, "2X24GB")).toEqual([cards[1], cards[2]]);
  expect(cardsOf(cards, "1x24")).toEqual([cards[1]]);
  expect(cardsOf(cards, "3x48")).toEqual([cards[3]]);
});

it("reads variables line by line", () => {
  expect(envOf("A=1\n\n B =2=3\nnonsense")).toEqual({ A: "1", B: "2=3" });
  expect(wrongLine("A=1\n\nnonsense")).toBe("nonsense");
  expect(wrongLine("A=1\n")).toBeUndefined();
});

it("knows what has been changed, and what is folded away", () => {
  expect(isSame(EMPTY, { ...EMPTY })).toBe(true);
  expect(isSame(EMPTY, { ...EMPTY, name: "x" })).toBe(false);
  expect(saysMore({ ...EMPTY, name: "x" })).toBe(false);
  expect(saysMore({ ...EMPTY, retries: 0 })).toBe(true);
});

it("puts faults where they belong", () => {
  const fault = (file: string, problem: string, line = 0, hint = "") => ({
    file,
    problem,
    line,
    column: 0,
    hint,
  });
  expect(
    faultsByField(
      [
        fault("body.command", "bash can't read it", 3),
        fault("body.env.TOKEN", "its value is masked", 0, "write it out"),
        fault("body", "timeout: 'foo' is no time"),
        fault("body", "the task asks for 120 GB"),
      ],
      (line) => `line ${line}`,
    ),
  ).toEqual({
    commands: ["line 3: bash can't read it"],
    env: ["its value is masked; write it out"],
    timeout: ["timeout: 'foo' is no time"],
    "": ["the task asks for 120 GB"],
  });
});
