/** Which lines say that something went wrong: the console's own pattern (control/src/logs/searching.py), for
 * lines that have just come. */

const HINTS =
  /rror|ERROR|atal:|FATAL|raceback|FAILED|xception|ut of memory|Segmentation fault|Killed|core dumped|gpulane:/;

const ERROR = new RegExp(
  [
    String.raw`^Traceback \(most recent call last\)`,
    "CUDA out of memory|OutOfMemoryError|CUDA error|NCCL error",
    String.raw`\b[A-Za-z_.]*(?:Error|Exception)\b(?:[:(]|\s*$)`,
    String.raw`\b(?:ERROR|FATAL|error|fatal):|\bERROR\b|\bFAILED\b`,
    String.raw`Segmentation fault|^Killed\b|\bcore dumped\b`,
    String.raw`^gpulane: (?:exit \d+|not started|the working directory)`,
  ].join("|"),
);

export function isError(line: string): boolean {
  return HINTS.test(line) && ERROR.test(line);
}
