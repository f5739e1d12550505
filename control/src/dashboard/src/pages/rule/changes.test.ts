import { describe, expect, it } from "vitest";
import type { ConfigKey } from "@/api/types";
import { changesOf, rebased, toSave, withChange } from "./changes";
import { faultsOf } from "./faults";

const key = (name: string, more: Partial<ConfigKey>): ConfigKey => ({
  key: name,
  type: "integer",
  null: false,
  default: 0,
  meaning: "",
  section: "",
  secret: false,
  ...more,
});
const LEFT = key("gpu_left", { minimum: 0 });
const KEYS = [
  LEFT,
  key("min_gpu", { minimum: 0 }),
  key("max_gpu", { minimum: 0, null: true, default: null }),
  key("compete_gpus", { type: "list", default: [] }),
  key("use_all_gpus", { type: "boolean", default: true }),
  key("on_failure", { type: "string", choices: ["stop", "continue"], default: "stop" }),
  key("check_time", { type: "number", above: 0, default: 5 }),
  key("retry_config.backoff_duration", { type: "number", minimum: 0, default: 600 }),
];
const BASE = "# mine\ngpu_left: 1 # for others\ncompete_gpus: [0]\n";

describe("changes", () => {
  it("are told by key, with what holds where nothing is said", () => {
    expect(changesOf(BASE, 'gpu_left: 2\ncompete_gpus: ["0"]\nmax_gpu: 3\n', KEYS)).toEqual([
      { key: "gpu_left", before: 1, after: 2 },
      { key: "max_gpu", before: null, after: 3 },
    ]);
  });

  it("are gone when a value is what it was", () => {
    const text = withChange(BASE, BASE, LEFT, 2) ?? "";
    expect(text).toBe(BASE.replace("1 #", "2 #"));
    expect(withChange(BASE, text, LEFT, 1)).toBe(BASE);
  });

  it("are saved as single values, or as a text where more was changed", () => {
    const text = BASE.replace("1 #", "2 #");
    expect(toSave(BASE, text, KEYS)).toEqual({ values: { gpu_left: 2 } });
    expect(toSave(BASE, `${text}# more\n`, KEYS)).toEqual({ text: `${text}# more\n` });
  });

  it("go on top of what somebody else has saved", () => {
    const mine = BASE.replace("1 #", "2 #");
    expect(rebased(BASE, mine, "gpu_left: 1\nmin_gpu: 1\n", KEYS)).toBe("gpu_left: 2\nmin_gpu: 1\n");
    expect(rebased(BASE, `${mine}# more\n`, "min_gpu: 1\n", KEYS)).toBe(`${mine}# more\n`);
  });
});

describe("faults", () => {
  it.each([
    ["gpu_left: -1\n", "minimum"],
    ["gpu_left: some\n", "integer"],
    ["gpu_left:\n", "integer"],
    ["gpu_left: 1.5\n", "integer"],
    ["check_time: 0\n", "above"],
    ["use_all_gpus: 1\n", "boolean"],
    ["on_failure: wait\n", "choices"],
    ["compete_gpus: 0\n", "list"],
    ["gpu_lefft: 1\n", "unknown"],
    ["retry_config:\n  backof_duration: 1\n", "unknown"],
    ["gpu_left: 1\ngpu_left: 2\n", "twice"],
    ["compete_gpus: [0\n", "syntax"],
    ["min_gpu: 3\nmax_gpu: 2\n", "minOverMax"],
    ["use_all_gpus: false\n", "noCards"],
  ])("%j: %s", (text, kind) => {
    expect(faultsOf(text, KEYS).map((fault) => fault.kind)).toContain(kind);
  });

  it("are none in what is right", () => {
    expect(faultsOf(`${BASE}max_gpu: null\nretry_config:\n  backoff_duration: 0.5\n`, KEYS)).toEqual([]);
    expect(faultsOf("", KEYS)).toEqual([]);
  });

  it("say what was meant", () => {
    expect(faultsOf("gpu_lefft: 1\n", KEYS)[0]?.said).toEqual({ near: "gpu_left" });
    expect(faultsOf("zzz: 1\n", KEYS)[0]?.said).toEqual({ near: "" });
  });
});
