/** The cluster at a glance, the same on every page; each part leads to what it counts. */
import { ActionIcon, Tooltip, useMantineColorScheme, useComputedColorScheme } from "@mantine/core";
import { spotlight } from "@mantine/spotlight";
import { IconMoon, IconPlugConnectedX, IconSearch, IconSun, IconWorld } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useIdentity } from "@/api/identity";
import { useKnown } from "@/api/live";
import type { Card, Status } from "@/api/types";
import { gb, measuredGb } from "@/format/memory";
import { clock, clockSeconds } from "@/format/time";
import { StateIcon } from "@/parts/TaskState";
import { otherLanguage, words } from "@/words";
import { countsOfAll } from "./counts";
import { Mark } from "./Mark";
import css from "./Header.module.css";

export function Header() {
  const { t } = useTranslation();
  return (
    <header className={css.header}>
      <Link to="/ui/state" className={css.mark}>
        <Mark />
        <b>gpulane</b>
        <span className={`t3 cut ${css.host}`}>{useIdentity()?.host}</span>
      </Link>
      <Glance />
      <div className={css.right}>
        <button
          type="button"
          className={css.find}
          onClick={spotlight.open}
          aria-label={`${t("shell.find")} Ctrl K`}
        >
          <IconSearch size={14} stroke={1.75} aria-hidden />
          <span className={css.findWord}>{t("shell.find")}</span> <kbd className={css.kbd}>Ctrl K</kbd>
        </button>
        <LiveDot />
        <Tooltip label={t("shell.language")}>
          <ActionIcon
            aria-label={t("shell.language")}
            className={css.wide}
            onClick={() => void words.changeLanguage(otherLanguage())}
          >
            <IconWorld size={16} stroke={1.75} />
          </ActionIcon>
        </Tooltip>
        <SchemeSwitch />
      </div>
    </header>
  );
}

function SchemeSwitch() {
  const { t } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("dark") === "dark";
  const label = t(dark ? "shell.toLight" : "shell.toDark");
  return (
    <Tooltip label={label}>
      <ActionIcon
        aria-label={label}
        className={css.wide}
        onClick={() => {
          setColorScheme(dark ? "light" : "dark");
        }}
      >
        {dark ? <IconSun size={16} stroke={1.75} /> : <IconMoon size={16} stroke={1.75} />}
      </ActionIcon>
    </Tooltip>
  );
}

function LiveDot() {
  const { t } = useTranslation();
  const { connection, heardAt, ahead } = useKnown();
  const heard = (heardAt + ahead) / 1000; // by the console's clock, as all that is shown
  const lost = connection === "lost";
  const said = lost ? t("shell.notLive", { at: clock(heard) }) : t("shell.live", { at: clockSeconds(heard) });
  return (
    <Tooltip label={said}>
      <span className={css.live} role="status" aria-label={said}>
        <span className={lost ? css.hollow : css.dot} />
        <span className="t3">{clockSeconds(heard)}</span>
      </span>
    </Tooltip>
  );
}

const SHOWN: Status[] = ["running", "waiting", "backoff", "failed"];

function Glance() {
  const { t } = useTranslation();
  const { schedulers } = useKnown();
  const counts = countsOfAll(schedulers);
  const died = schedulers.filter((one) => one.ended === "died").length;
  return (
    <section className={css.glance} aria-label={t("shell.glance")}>
      <GpuBars />
      <span className={css.rule} aria-hidden />
      {SHOWN.filter((state) => state === "running" || counts[state]).map((state) => (
        <Link key={state} to={`/ui/state?state=${state}`} className={css.count}>
          <StateIcon state={state} size={16} />
          <b>{counts[state] ?? 0}</b> <span className={`t2 ${css.word}`}>{t(`counted.${state}`)}</span>
        </Link>
      ))}
      {died > 0 && (
        <Link to="/ui/state?state=died" className={css.count}>
          <IconPlugConnectedX size={16} stroke={1.75} color="var(--gl-failed)" aria-hidden />
          <b>{died}</b> <span className={`t2 ${css.word}`}>{t("scheduler.diedCount", { count: died })}</span>
        </Link>
      )}
    </section>
  );
}

const MOST_BARS = 32;
const WIDE_BARS = 16;

function GpuBars() {
  const { t } = useTranslation();
  const { gpus } = useKnown();
  const who = useIdentity();
  if (!gpus || !who) return null;
  const cards = gpus.cards;
  if (!cards.length) return <span className="t3">{t("shell.noGpu")}</span>;
  const free = cards.filter((card) => card.free).length;
  return (
    <Link to="/ui/gpu" className={css.gpus}>
      {cards.length <= MOST_BARS && (
        <span className={css.bars}>
          {cards.map((card) => (
            <Bar key={card.uuid} card={card} width={cards.length > WIDE_BARS ? 4 : 7} />
          ))}
        </span>
      )}
      <b>{free}</b>
      <span className={`t2 ${css.word}`}>
        {t("shell.gpusFree", { free: "", count: cards.length }).trim()}
      </span>
      <span className={`t2 ${css.narrowWord}`}>{t("shell.free")}</span>
    </Link>
  );
}

/** A card as a bar: from below own, leases, other people; an outline where nobody is on it. */
function Bar({ card, width }: { card: Card; width: number }) {
  const { t } = useTranslation();
  const share = (value: number) => `${Math.round((100 * value) / Math.max(card.total_gb, 1))}%`;
  const leases = card.other_leases.reduce((sum, one) => sum + (one.declared_gb ?? card.total_gb), 0);
  const own = Math.max(card.own_used_gb, card.own_promised_gb); // what is promised holds what is used
  const used = own + card.others_gb + leases;
  const said = t("shell.gpuAria", { index: card.index, used: measuredGb(used), total: gb(card.total_gb) });
  return (
    <span className={card.free ? css.freeBar : css.bar} style={{ width }} role="img" aria-label={said}>
      {!card.free && (
        <>
          <span style={{ height: share(card.others_gb), background: "var(--gl-stripe)" }} />
          <span style={{ height: share(leases), background: "var(--gl-lease)" }} />
          <span
            style={{
              height: share(own),
              background: "var(--gl-running)",
            }}
          />
        </>
      )}
    </span>
  );
}
