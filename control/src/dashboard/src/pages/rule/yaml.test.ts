import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { readYaml, scalar, withValue, withValueOf, written } from "./yaml";

const TEXT = `# mine
min_gpu: 1  # at least
compete_gpus: [0, "0:1"]
retry_config:
  # quick ones
  max_retry_before_backoff: 3
notify:
  urls:
    - a
    - "b c"
work_dir:
`;
const values = (text: string) =>
  Object.fromEntries([...readYaml(text).spots].map(([key, spot]) => [key, spot.value]));

it("reads what each key says", () => {
  expect(values(TEXT)).toEqual({
    min_gpu: 1,
    compete_gpus: [0, "0:1"],
    retry_config: undefined,
    "retry_config.max_retry_before_backoff": 3,
    notify: undefined,
    "notify.urls": ["a", "b c"],
    work_dir: null,
  });
  expect(readYaml(TEXT).broken).toEqual([]);
});

it("reads the file that we ship", () => {
  const shipped = readFileSync("../../../config/gpu_manage.yaml", "utf8");
  expect(readYaml(shipped).broken).toEqual([]);
  expect(values(shipped)).toMatchObject({ max_gpu: null, memory_margin_gb: 0.5, "notify.urls": [] });
});

it("says where it is no YAML, and which key is given twice", () => {
  expect(readYaml("a: [1, 2\nb: 1\n").broken).not.toEqual([]);
  expect(readYaml("just words\n").broken).not.toEqual([]);
  expect(readYaml("# only words\n").broken).toEqual([]);
  expect(readYaml("a: 1\na: 2\n").twice).toEqual([{ key: "a", from: 5, to: 6 }]);
});

it.each([
  ["~", null],
  ["yes", true],
  ["OFF", false],
  ["tRUE", "tRUE"],
  ["1_000", 1000],
  ["0x10", 16],
  ["010", 8],
  ["0.5", 0.5],
  ["6e2", 600],
  ["0:1", "0:1"],
  [".", "."],
])("reads %s as the scheduler does", (text, value) => {
  expect(scalar(text)).toBe(value);
});

it.each([
  [null, "null"],
  [0.5, "0.5"],
  ["stop", "stop"],
  ["on", '"on"'],
  ["n", '"n"'],
  ["12", '"12"'],
  ["a: b", '"a: b"'],
  [["0", "0:1"], '[0, "0:1"]'],
])("writes %s so that it is read again", (value, text) => {
  expect(written(value)).toBe(text);
});

it("changes one value and nothing else", () => {
  expect(withValue(TEXT, "min_gpu", 2)).toBe(TEXT.replace("min_gpu: 1", "min_gpu: 2"));
  expect(withValue(TEXT, "work_dir", "/data")).toBe(TEXT.replace("work_dir:", "work_dir: /data"));
  const list = withValue(TEXT, "notify.urls", ["a"]);
  expect(values(list ?? "")["notify.urls"]).toEqual(["a"]);
});

it("adds what is not there", () => {
  expect(withValue("", "gpu_left", 1)).toBe("gpu_left: 1\n");
  expect(withValue("a: 1", "gpu_left", 1)).toBe("a: 1\ngpu_left: 1\n");
  const text = withValue(TEXT, "retry_config.backoff_duration", 60) ?? "";
  expect(values(text)).toMatchObject({
    "retry_config.max_retry_before_backoff": 3,
    "retry_config.backoff_duration": 60,
  });
  expect(values(withValue("a: 1\n", "notify.fuse", false) ?? "")).toMatchObject({ "notify.fuse": false });
});

it("leaves alone what it can't change", () => {
  expect(withValue("a: &x 1\n", "a", 2)).toBeNull();
  expect(withValue("notify: {fuse: true}\n", "notify.urls", [])).toBeNull();
});

it("puts back what was changed, letter by letter", () => {
  const changed = withValue(TEXT, "compete_gpus", []) ?? "";
  expect(withValueOf(changed, "compete_gpus", TEXT)).toBe(TEXT);
  const more = withValue(TEXT, "gpu_left", 1) ?? "";
  expect(withValueOf(more, "gpu_left", TEXT)).toBe(TEXT);
});
