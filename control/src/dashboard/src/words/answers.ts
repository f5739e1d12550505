/** What the console answers, in Chinese: by its English sentences. What none is like stays as it is. */
import type { Status } from "@/api/types";
import { words } from ".";
import { likened, type Likeness } from "./likeness";
import { driverInChinese, sentence } from "./reasons";

/** In the page's language, as a sentence. */
export function answered(text: string): string {
  return sentence((words.language === "zh" && likened(ANSWERS, text)) || text);
}

/** `status`: in the middle of a sentence. */
function state(status: string): string {
  return words.t(`states.${status as Status}`, { defaultValue: status });
}

/** "1/0, 1/1 and 2/3 run on". */
const listed = (labels: string) => labels.replace(/, | and /g, "、");
const runsOn = (count: string) => `${count} 个任务继续运行`;

/** Of schedulers (app/answers.py, app/core/words.py). */
const OF_SCHEDULERS: readonly Likeness[] = [
  [/^it is paused already$/, () => "调度器已经暂停"],
  [/^paused: nothing starts; (\d+) tasks? runs? on$/, (count) => `已暂停，不再启动任务；${runsOn(count)}`],
  [/^it is not paused$/, () => "调度器没有暂停"],
  [/^resumed$/, () => "已恢复"],
  [/^it is draining already$/, () => "调度器已经在排空"],
  [/^draining: nothing runs, and it ends$/, () => "正在排空：没有任务在运行，调度器随即结束"],
  [/^draining: nothing more starts; (\d+) /, (count) => `正在排空，不再启动任务；${runsOn(count)}，然后结束`],
  [/^it is stopping already/, () => "调度器已经在停止"],
  [/^stopping: nothing runs, and it ends$/, () => "正在停止：没有任务在运行，调度器随即结束"],
  [
    /^stopping: (\d+) running tasks? asked to end(; the next start runs that again)?(?:; no longer in the file, and not run again: (.*))?$/,
    (count, again, gone) =>
      `正在停止：已让 ${count} 个运行中的任务结束${again && "；下次启动时会重新运行"}${gone && `；已不在文件中、不再运行：${gone}`}`,
  ],
  [/^it is draining, and ends when/, () => "调度器正在排空，运行中的任务结束后它就结束；下次启动时继续"],
  [/^it is stopping$/, () => "调度器正在停止"],
  [/^it does not answer; it was sent SIGTERM$/, () => "调度器没有应答；已向它发送 SIGTERM"],
  [/^(\S+) is being ended \(by force after (.*?)\)/, (task) => `正在结束 ${task}，它不再运行`],
  [/^(\S+) is cancelled( already)?$/, (task, before) => `${task} ${before && "早已"}取消`],
  [/^(\S+) is held already, by (.*)$/, (task) => `${task} 已被搁置`],
  [/^(\S+) is not held but (\w+)$/, (task, status) => `${task} 没有被搁置，它的状态是${state(status)}`],
  [/^(\S+) runs: kill it, or let it end$/, (task) => `${task} 在运行：终止它，或让它结束`],
  [/^(\S+) runs already$/, (task) => `${task} 已在运行`],
  [/^(\S+) is held: release it$/, (task) => `${task} 被搁置：请释放它`],
  [/^(\S+) is (\w+): it runs when/, (task) => `${task} 轮到它并且有 GPU 时就会运行`],
  [
    /^(\S+) would be skipped, as task (\S+) failed/,
    (task, failed) => `${task} 会因 ${failed} 失败而被跳过：请重试后者`,
  ],
  [/^(\S+) is no longer in the file$/, (task) => `${task} 已不在文件中`],
  [
    /^(\S+) is (\w+): there is nothing to hold$/,
    (task, status) => `${task} ${state(status)}，没有什么可搁置`,
  ],
  [
    /^(\d+\/\d+) is (\w+)(?:, and (\d+) tasks? skipped for it)?( already)?$/,
    (task, status, back) => `${task} 现在${state(status)}${back && `，因它跳过的 ${back} 个任务也一样`}`,
  ],
  [
    /^(\d+) tasks? released(?:, and (\d+) failed ones? tried again)?$/,
    (count, again) => `已释放 ${count} 个任务${again && `，并重试 ${again} 个失败的`}`,
  ],
  [
    /^(\S+) is another task now: the file was edited meanwhile$/,
    (task) => `${task} 现在是另一个任务：文件已被修改`,
  ],
  [/^the GPU driver does not answer \((.*)\)$/s, (why) => `显卡驱动没有应答（${driverInChinese(why)}）`],
  [/^there is no task (\S+) here/, (task) => `这里没有任务 ${task}`],
  [/^GPU (\S+) is turned off; what runs there goes on$/, (gpu) => `GPU ${gpu} 已停用；在它上面运行的继续`],
  [/^GPU (\S+) is turned (on|off)$/, (gpu, on) => `GPU ${gpu} 已${on === "on" ? "启用" : "停用"}`],
  [/^GPU (\S+) is (on|off) already$/, (gpu, on) => `GPU ${gpu} 早已${on === "on" ? "启用" : "停用"}`],
];

/** Of a start that comes to nothing, and of the page's own. */
const OF_STARTS: readonly Likeness[] = [
  [/^--simulate '(.*)' is not NxGB/, (given) => `“${given}” 不是 NxGB 的形式，例如 4x24：四张 24 GB 的卡`],
  [
    /^(this machine has no NVIDIA driver|the NVIDIA driver (?:is not loaded|has gone away|was replaced))/i,
    (why) => driverInChinese(why.charAt(0).toLowerCase() + why.slice(1)),
  ],
];

/** Of the console (control/src). */
const OF_THE_CONSOLE: readonly Likeness[] = [
  [
    /^the scheduler with pid (\d+) (has started|goes on with what was left)(, and has ended already)?$/,
    (pid, how, ended) =>
      `${how === "has started" ? "调度器已启动" : "调度器从剩下的继续"}（pid ${pid}）${ended && "，并且已经结束"}`,
  ],
  [
    /^the scheduler with pid (\d+) is forgotten(?:; (.*) runs? on and (?:is|are) found again by the next start)?$/,
    (pid, tasks) =>
      `已忽略 pid ${pid} 的调度器${tasks && `；${listed(tasks)} 继续运行，下次启动时会重新找到`}`,
  ],
  [
    /^the scheduler with pid (\d+) is gone already(?:; (.*) runs? on: resume it)?/,
    (pid, tasks) =>
      `pid ${pid} 的调度器已不在运行${tasks && `；${listed(tasks)} 继续运行：先恢复它，再做你要做的`}`,
  ],
  [/^no scheduler of this home has pid (\d+)$/, (pid) => `这里没有 pid 为 ${pid} 的调度器`],
  [/^no scheduler runs configuration (\d+)/, (index) => `没有调度器在运行配置 ${index}`],
  [/^pid (\d+) is another process now/, (pid) => `pid ${pid} 现在是另一个进程，没有动它`],
  [/^it runs on (\S+); ask there$/, (host) => `它在 ${host} 上运行，请在那里操作`],
  [/^it is another host's; dismiss it there/, () => "它属于另一台机器，请在那里忽略"],
  [/^the scheduler with pid (\d+) runs; stop it first$/, (pid) => `pid ${pid} 的调度器在运行，请先停止它`],
  [/^a scheduler with pid (\d+) has just started$/, (pid) => `pid ${pid} 的调度器刚刚启动`],
  [
    /^the scheduler with pid (\d+) has not answered (\d+) others yet/,
    (pid) => `pid ${pid} 的调度器还没有应答之前的请求；请再试`,
  ],
  [
    /^(.*) is run by the scheduler with pid (\d+) already$/s,
    (file, pid) => `${file} 已由 pid ${pid} 的调度器运行`,
  ],
  [/^all of it is done; a start begins a new run$/, () => "全部已完成；启动会开始新的运行"],
  [/^It said so already\.$/, () => "内容没有变化"],
  [/^(Saved|Made)\.$/, (did) => (did === "Made" ? "已新建" : "已保存")],
  [
    /^(Saved|Made)\. The scheduler with pid (\d+) takes it over\.$/,
    (_, pid) => `已保存。pid ${pid} 的调度器接手执行`,
  ],
  [
    /^Saved\. The scheduler with pid (\d+) does not take it up, and goes on under the last good version: (.*)$/s,
    (pid, why) => `已保存。pid ${pid} 的调度器没有接受，继续按上一个正确的版本运行：${why}`,
  ],
  [
    /^(?:Saved|Made) as a draft with (\d+) faults?\. (A start|The scheduler with pid (\d+)) refuses it/,
    (count, _, pid) =>
      `已存为草稿，有 ${count} 处错误。${pid ? `pid ${pid} 的调度器不接受，继续按上一个正确的版本运行` : "启动会被拒绝"}`,
  ],
  [/^Configuration (\d+) is deleted\./, (index) => `配置 ${index} 已删除，最近的版本仍保留`],
  [/^configuration 0 is the default of its mode/, () => "配置 0 是该模式的默认配置，不能删除；可以清空内容"],
  [
    /^the scheduler with pid (\d+) runs it; stop that one first$/,
    (pid) => `pid ${pid} 的调度器正在运行它，请先停止`,
  ],
  [
    /^its scheduler is gone, and (.*) runs? on; resume/,
    () => "它的调度器已不在，但还有任务在运行；请先恢复或忽略那个调度器",
  ],
  [
    /^(\d+) tasks? of it runs? on without a scheduler/,
    (count) => `它有 ${count} 个任务在没有调度器的情况下运行；请再启动它，然后停止`,
  ],
  [/^there is no configuration (\d+)/, (index) => `没有配置 ${index}`],
  [/^there is no version (\d+), or no more$/, (number) => `没有版本 ${number}，或已不再保留`],
  [/^there is no GPU (\S+); there is (.*)$/, (gpu, there) => `没有 GPU ${gpu}；有 ${there}`],
  [
    /^the log of (\S+) is (.*), which is not there yet$/s,
    (task, path) => `${task} 的日志是 ${path}，它还不存在`,
  ],
  [/^the log of (\S+) is (.*)$/s, (task, path) => `${task} 的日志是 ${path}`],
  [/^no log is bound to it now$/, () => "已不再绑定日志"],
  [/^no log was bound to it$/, () => "本来没有绑定日志"],
  [/^another task stands at (\S+) now; look again$/, (task) => `${task} 现在是另一个任务，请再看一下`],
  [/^there is no task (\S+) in this configuration$/, (task) => `这个配置中没有任务 ${task}`],
  [/^task (\S+) has not run yet$/, (task) => `任务 ${task} 还没有运行`],
  [/^task (\S+) has had (\d+) attempts$/, (task, count) => `任务 ${task} 只有 ${count} 次尝试`],
  [/^(.*) is not there$/s, (path) => `${path} 不存在`],
  [/^(.*) is no regular file$/s, (path) => `${path} 不是普通文件`],
  [/^(.*) leads nowhere, or is being replaced$/s, (path) => `${path} 不指向任何文件，或正在被替换`],
  [/^(.*) can't be read(?: now)?: ([\w ]+)$/s, (path, why) => `${path} 无法读取：${why}`],
  [/^no file can have (?:that name|a name that long)$/, () => "不可能有这个名字的文件"],
  [
    /^that is no log: what lies below (.*) is \(log-roots in (\S+)\), but no hidden file;/s,
    (roots, file) =>
      `这不是日志：${roots.replace(/ and /g, "、")} 下的文件才是（${file} 的 log-roots），隐藏文件除外；gpulane 自己的文件中只有任务和调度器的日志是`,
  ],
  [
    /^a read-only login reads the logs of tasks/,
    () => "只读登录能读任务和调度器的日志、已绑定的日志，以及 log-roots 下的文件",
  ],
  [/^this login is read-only, and changes nothing$/, () => "这是只读登录，不能做任何修改"],
  [/^that browser is not logged in any more$/, () => "那个浏览器已不再登录"],
  [
    /^task (\d+) is submitted, (in line|behind others in its queue) at (\S+?)(?:; its scheduler was started \(pid (\d+)\))?$/,
    (id, where, task, pid) =>
      `任务 ${id} 已提交，${where === "in line" ? "排在" : "在队列中排到其他任务之后，为"} ${task}${pid && `；已启动它的调度器（pid ${pid}）`}`,
  ],
  [/^no submitted task has queue (\d+)/, (queue) => `没有已提交的任务在队列 ${queue}`],
  [
    /^all submitted tasks of queue (\d+) have ended/,
    (queue) => `队列 ${queue} 中已提交的任务都已结束；不指定队列，就会得到自己的队列`,
  ],
  [
    /^task (\d+) was submitted for (simulated|the real) GPUs and would run on/,
    (id, kind) =>
      kind === "simulated"
        ? `任务 ${id} 是为模拟显卡提交的，现在会在真实显卡上运行；请让它结束，或先取消它`
        : `任务 ${id} 是为真实显卡提交的，现在会在模拟显卡上运行；请让它结束，或先取消它`,
  ],
  [
    /^the scheduler with pid (\d+) runs on real GPUs; leave/,
    (pid) => `pid ${pid} 的调度器使用真实显卡；请不要指定模拟显卡`,
  ],
  [
    /^task (\d+)(?: \((.*)\))? is cancelled( already)?$/s,
    (id, _, before) => `任务 ${id} ${before && "早已"}取消`,
  ],
  [/^task (\d+) has ended by itself/, (id) => `任务 ${id} 已自行结束；结果在它的调度器再次启动后可知`],
  [/^history knows no task (\d+)$/, (id) => `历史中没有任务 ${id}`],
  [
    /^the scheduler with pid (\d+) is (\w+); submit again when it has ended$/,
    (pid) => `pid ${pid} 的调度器正在结束；等它结束后再提交`,
  ],
  [/^(\d+) searches run already; try again$/, () => "正在进行的搜索太多；请再试"],
  [/^that is no regular expression: (.*)$/s, (why) => `这不是正则表达式：${why}`],
  [/^a request has at most (\d+) MiB$/, (most) => `一次最多发送 ${most} MiB`],
  [/^too many wrong secrets; try again in (\d+) s$/, (seconds) => `错误的密钥太多；请在 ${seconds} 秒后再试`],
];

const ANSWERS: readonly Likeness[] = [...OF_SCHEDULERS, ...OF_STARTS, ...OF_THE_CONSOLE];
