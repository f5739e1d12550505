/** What a scheduler's user should know: Chinese from the facts, English is the scheduler's own sentence. */
import type { SchedulerProblem } from "@/api/types";
import { words } from ".";
import { sentence } from "./reasons";

/** In the page's language, as a sentence. */
export function problemText(problem: SchedulerProblem): string {
  const chinese = words.language === "zh" ? IN_CHINESE[problem.kind] : undefined;
  return (chinese && filled(chinese, problem.facts ?? {})) ?? sentence(problem.text);
}

/** null: a fact is missing, as in a state that another version has written. */
function filled(text: string, facts: Record<string, string | number>): string | null {
  const isWhole = [...text.matchAll(SLOT)].every(([, name = ""]) => name in facts);
  if (!isWhole) return null;
  const said = text.replace(SLOT, (_, name: string) => String(facts[name]));
  return /[。？]$/.test(said) ? said : said.replace(/\.?$/, "。");
}

const SLOT = /\{(\w+)\}/g;

/** By kind, as `TEXTS` of app/model/problems.py has them. */
const IN_CHINESE: Record<string, string> = {
  group_writable: "{file}：同组的 {members} 可以写它，而它写的内容会以你的身份运行；见 chmod g-w。",
  edit_refused: "{at} 的修改没有生效，之前读到的继续有效：{faults}",
  edit_waits:
    "{file} 已保存，但有程序仍打开着它准备写：等它关闭后生效，或在 {seconds} 秒后按当时的内容生效。",
  file_elsewhere: "{given} 现在指向另一个文件，那个文件没有被读：运行的是 {file}。",
  file_gone: "{file} 已不存在：它的任务照旧进行，直到它再次出现。",
  settings_refused: "{at} 的设置没有生效，之前的继续有效：{faults}",
  settings_gone: "{file} 已不存在：之前的设置继续有效，直到它再次出现。",
  settings_at_start: "{file}：调度器运行时不能改变 {keys}；下次启动时生效。",
  hook_failed: "你的 hooks 中的 compare_gpus 出错，按设置中的顺序进行：{error}",
  nothing_missing: "{file}：每一行都已运行够次数；要再次运行，请提高 need_run_num。",
  column_like: "{file}：列 {column} 会成为命令的 --{column}；你指的是 {meant} 吗？",
  not_counted: "现在无法在 {file} 中增加 run_num，会再试：{error}",
  compete_gpus_unused: "{file}：use_all_gpus 为 true，因此不使用 compete_gpus。",
  state_dir: "{logs} 在网络文件系统上，因此状态、运行和历史保存在 {folder}。",
  visible_devices: "继承了 CUDA_VISIBLE_DEVICES={value}：只能使用 GPU {gpus}。",
  visible_devices_none: "继承了 CUDA_VISIBLE_DEVICES={value}：不能使用任何 GPU。",
  driver: "显卡驱动没有回应：{error}",
  gpu_lost: "GPU {gpu}（{name}）已掉线：它不再回应，在它上面运行的任务可能失败；原因可能在 dmesg 中。",
  processes_hidden:
    "驱动显示的 GPU {gpus} 上的进程在这里找不到（多半是在容器中）：它们占用的算作其他人的，即使其实是你的。",
  unseen_attempt: "{ends} 的第 {number} 次尝试在运行，但从这里找不到它的进程。",
  card_aside:
    "GPU {gpu}（{name}）被搁在一边，直到 {until}：{tasks} 个任务在它上面 {seconds} 秒内失败，而别的卡正常；想马上使用：./gpulane gpu {gpu} on --pid {pid}",
  fuse: "保险丝搁置了 {held} 个任务（./gpulane release --held-by fuse），因为最先的 {died} 个都在 {seconds} 秒内失败；只要有一个活下来，其余的就自动继续；最后一个是 {task}：{error}",
  fuse_before:
    "保险丝搁置了 {held} 个任务（./gpulane release --held-by fuse），因为之前一次启动中最先的任务都在 {seconds} 秒内失败；只要有一个活下来，其余的就自动继续。",
  leftovers: "一次尝试留下的进程无法结束：{processes}；它的日志：{log}",
  spared: "任务留下、没有被结束的进程：{processes}；不需要时请自己结束。",
  secrets_readable: "{file} 含有带密钥的地址（notify），而别人可以读它；请运行：chmod 600 {file}",
  notify_missing: "notify 中的地址收不到任何通知：这里没有安装 apprise；安装命令：{command}",
  history: "无法写入历史，不再启动新任务：{error}",
  state_file: "无法写入 {path}（{error}）：这里显示的这个调度器的情况是旧的。",
  lease_directory: "租约目录无法使用：{error}",
  lease_directory_gone: "租约目录 {path} 被删除；下一个租约会重新建立它。",
  lease_directory_private:
    "{path} 中只有它的所有者能取得租约：其他用户的调度器在那里不可见；要和他们共用显卡，请运行：chmod 1777 {path}",
  lease_directory_group: "{path} 的同组成员可以删除彼此的租约；请运行：chmod +t {path}",
  lease_mutex_unusable: "{path}（属于 {owner}）无法使用：{error}；取得租约时不用它，这样安全但较慢。",
  lease_mutex_held:
    "{owner} 的进程 {pid}（{command}）占着 {path}，已等待 {seconds} 秒；在它放开之前，取得租约时不用它。",
  lease_mutex_stopped:
    "{owner} 的进程 {pid}（{command}）被暂停，占着 {path}，已等待 {seconds} 秒；在它放开之前，取得租约时不用它。",
  lease_mutex_unseen:
    "一个从这里看不到的进程占着 {path}，已等待 {seconds} 秒；在它放开之前，取得租约时不用它。",
  lease_odd_files: "{owner} 在 {path} 中有不是租约的文件，例如 {name}；它们被忽略。",
  lease_unreadable: "{owner} 在 {gpu} 上的一个租约无法读取；按占用整张卡计算。",
  lease_flood:
    "{owner} 在 {path} 中有 {files} 个租约文件；读了 {read} 个，其余的只要被锁住就按占用整张卡计算。",
  leases_vanished:
    "运行中任务的租约文件从 {path} 中被删除，其他调度器因此看不到这些卡已被占用；不再在它们上面启动任务：{gpus}",
};
