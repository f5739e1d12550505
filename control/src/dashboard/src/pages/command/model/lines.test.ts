import { expect, it } from "vitest";
import { anatomy, spansOf } from "./lines";

const TEXT = `# about it
1 # queue
#LANE name="a b" hold
echo 3
2
7.5 #GB

# only comments

2
\`\`\`
one

3
\`\`\`
all`.split("\n");

it("tells which line is what", () => {
  expect(anatomy(TEXT, true).roles).toEqual([
    "comment",
    "queue",
    "lane",
    "command",
    "count",
    "memory",
    "blank",
    "comment",
    "blank",
    "queue",
    "fence",
    "command",
    "command",
    "command",
    "fence",
    "memory",
  ]);
  expect(anatomy(TEXT, false).roles[4]).toBe("command");
  expect(anatomy(TEXT, true).blocks).toEqual([
    [0, 5],
    [9, 15],
  ]);
});

it("takes a block without numbers as commands, and a lone number as a queue", () => {
  expect(anatomy(["echo a", "python b.py"], false).roles).toEqual(["command", "command"]);
  expect(anatomy(["7"], false).roles).toEqual(["queue"]);
});

const inks = (line: string, role: Parameters<typeof spansOf>[1]) =>
  spansOf(line, role).map(({ from, to, ink }) => `${ink}:${line.slice(from, to)}`);

it("colours options", () => {
  expect(inks('  #LANE name="a b" hold retries=3 # why', "lane")).toEqual([
    "lane:#LANE",
    "key:name",
    'value:"a b"',
    "key:hold",
    "key:retries",
    "value:3",
    "comment:# why",
  ]);
});

it("colours commands", () => {
  expect(inks(`cd {work_dir}/x && run "$A and {work_dir}" '$B' \${C} # no`, "command")).toEqual([
    "place:{work_dir}",
    'string:"',
    "variable:$A",
    "string: and ",
    "place:{work_dir}",
    'string:"',
    "string:'$B'",
    "variable:${C}",
    "comment: # no",
  ]);
  expect(inks("echo a#b", "command")).toEqual([]);
  expect(inks("20 # GB", "memory")).toEqual(["number:20 ", "comment:# GB"]);
});
