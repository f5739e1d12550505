/** The formula with this machine's numbers, at each key stroke. */
import { IconCheck, IconHourglass, IconInfoCircle, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useMemo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ask, GET } from "@/api/client";
import { useIdentity } from "@/api/identity";
import { useKnown } from "@/api/live";
import type { ConfigKey } from "@/api/types";
import { clock, clockSeconds } from "@/format/time";
import { Said } from "@/parts/Said";
import { allowed, availableThen, machine, type CapCard, type CapRules, type Machine } from "./cap";
import { valuesOf } from "./changes";
import type { Draft } from "./draft";
import { nextBack } from "./nextBack";
import { WouldChange } from "./WouldChange";
import css from "./Cap.module.css";
import page from "./Rule.module.css";

const LATEST = 10_000;

export function CapPane({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  const { gpus } = useKnown();
  const me = useIdentity()?.user ?? "";
  const processes = useQuery({
    queryKey: ["gpu", "processes"],
    queryFn: () => ask(GET("/api/gpu/processes")),
    refetchInterval: LATEST,
  }).data;
  const { keys } = draft.config;
  const saved = useMemo(() => rulesOf(draft.base, keys), [draft.base, keys]);
  const typed = useMemo(() => rulesOf(draft.text, keys), [draft.text, keys]);
  if (!gpus) return null;
  if (!gpus.cards.length)
    return (
      <>
        <section>
          <h2 className={page.title}>{t("rule.cap")}</h2>
          <p className="t2">{t("rule.noCards")}</p>
        </section>
        <WouldChange draft={draft} />
      </>
    );
  const rules = typed ?? saved ?? FALLBACK;
  const before = machine(gpus, processes?.cards ?? [], me, saved ?? rules, saved ?? rules);
  const after = machine(gpus, processes?.cards ?? [], me, saved ?? rules, rules);
  return (
    <>
      <section>
        <h2 className={page.title}>{t("rule.cap")}</h2>
        <p className={page.second}>
          {typed ? t("rule.capAsOf", { at: clockSeconds(gpus.looked_at) }) : t("rule.capBroken")}
        </p>
        <Cards cards={after.cards} />
        <Sentence machine={after} />
        <Formula rules={rules} available={after.available} was={allowed(before.available, saved ?? rules)} />
        <Note machine={after} cap={allowed(after.available, rules)} />
      </section>
      <WouldChange draft={draft} />
      <Others count={gpus.cards.length} today={after.available} saved={saved ?? rules} typed={rules} />
    </>
  );
}

const FALLBACK: CapRules = { minGpu: 0, maxGpu: null, gpuLeft: 0, useAll: true, compete: [] };

/** null: they can't be read, or are no numbers. */
function rulesOf(text: string, keys: readonly ConfigKey[]): CapRules | null {
  const values = valuesOf(text, keys);
  const [minGpu, maxGpu, gpuLeft] = ["min_gpu", "max_gpu", "gpu_left"].map((key) => values.get(key));
  const [useAll, compete] = [values.get("use_all_gpus"), values.get("compete_gpus")];
  if (!isCount(minGpu) || !isCount(gpuLeft) || typeof useAll !== "boolean") return null;
  if ((maxGpu !== null && !isCount(maxGpu)) || !Array.isArray(compete)) return null;
  return { minGpu, maxGpu, gpuLeft, useAll, compete: compete.map(String) };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}

function Cards({ cards }: { cards: CapCard[] }) {
  const { t } = useTranslation();
  return (
    <ul className={css.cards}>
      {cards.map((card) => {
        const word = wordOf(card, t);
        const isAway = card.away !== null && card.whose !== "mine";
        const counts = t(card.counts ? (isAway ? "rule.countsOnly" : "rule.countsYes") : "rule.countsNo");
        const said = t("rule.cardAria", { index: card.index, who: word, counts });
        const isGood = card.counts && !isAway;
        const Icon = isGood ? IconCheck : IconX;
        const look = isGood ? card.whose : "away";
        return (
          <li key={card.index} className={css.card} data-look={look} title={said}>
            <span className="hidden-words">{said}</span>
            <b aria-hidden>{card.index}</b>
            <Icon size={13} stroke={1.75} aria-hidden />
            <span className={`cut ${css.word}`} aria-hidden>
              {wordOf(card, t, true)}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

/** `isShort`: as a tile has room for it. */
function wordOf(card: CapCard, t: TFunction, isShort = false): string {
  if (card.whose === "unwell") return t("rule.unwell");
  if (!card.inRange) return t("rule.away");
  if (card.whose === "mine") return t("rule.yours");
  if (card.away) return t(card.away === "off" ? "rule.cardOff" : "rule.cardAside");
  if (card.whose === "free") return t("rule.free");
  if (card.whose === "stray") return t(isShort ? "rule.strayShort" : "rule.stray");
  return card.users.length === 1 ? (card.users[0] ?? "") : t("rule.others");
}

function Sentence({ machine: found }: { machine: Machine }) {
  const { t } = useTranslation();
  const list = (some: CapCard[]) => some.map((card) => card.index).join(t("lists.comma"));
  const others = found.cards.filter((card) => card.inRange && card.whose === "others");
  const away = found.cards.filter((card) => !card.inRange);
  const lost = found.cards.filter((card) => card.inRange && card.whose === "unwell");
  const users = [...new Set(others.flatMap((card) => card.users))].join(t("lists.comma"));
  const mine = Math.min(found.held, found.available);
  const idle = found.cards.filter((card) => card.away && card.counts && card.whose !== "mine");
  const free = Math.max(0, found.available - mine - idle.length);
  return (
    <p className={page.second}>
      <Said
        of={idle.length ? "rule.availableAway" : "rule.available"}
        count={found.available}
        mine={mine}
        free={free}
        away={idle.length}
      />{" "}
      {(["off", "aside"] as const).map((why) => (
        <Away key={why} why={why} cards={found.cards.filter((card) => card.inRange && card.away === why)} />
      ))}
      {others.length > 0 && `${t("rule.usedBy", { count: others.length, gpus: list(others), users })} `}
      {lost.length > 0 && `${t("rule.lostCards", { gpus: list(lost) })} `}
      {away.length > 0 && t("rule.notInRange", { gpus: list(away) })}
    </p>
  );
}

/** Which cards are off for us, or set aside. */
function Away({ why, cards }: { why: "off" | "aside"; cards: CapCard[] }) {
  const { t } = useTranslation();
  const gpus = (some: CapCard[]) => some.map((card) => card.index).join(t("lists.comma"));
  const idle = cards.filter((card) => card.counts && card.whose !== "mine");
  const rest = cards.filter((card) => !idle.includes(card));
  return (
    <>
      {idle.length > 0 && `${t(`rule.${why}Counts`, { gpus: gpus(idle), count: idle.length })} `}
      {rest.length > 0 && `${t(`rule.${why}Too`, { gpus: gpus(rest), count: rest.length })} `}
    </>
  );
}

function Formula({ rules, available, was }: { rules: CapRules; available: number; was: number }) {
  const { t } = useTranslation();
  const cap = allowed(available, rules);
  const parts: [string, ReactNode][] = [
    ["min(", "min("],
    ["max_gpu", <Number key="max">{rules.maxGpu ?? <span title={t("rule.noLimit")}>∞</span>}</Number>],
    [", max(", ", max("],
    ["min_gpu", <Number key="min">{rules.minGpu}</Number>],
    [", ", ", "],
    ["available", <Number key="available">{available}</Number>],
    [" - ", " - "],
    ["gpu_left", <Number key="left">{rules.gpuLeft}</Number>],
    ["))", "))"],
  ];
  return (
    <div className={css.formula} aria-live="polite">
      <div className={css.terms} style={{ gridTemplateColumns: `repeat(${parts.length}, auto)` }}>
        {parts.map(([name]) => (
          <span key={name}>{name}</span>
        ))}
        {parts.map(([name, shown]) => (
          <span key={name} className={css.under}>
            {shown}
          </span>
        ))}
      </div>
      <div>
        <b>{t("rule.result", { count: cap })}</b>
        {cap !== was && <span className={css.before}>{t("rule.resultWas", { count: was })}</span>}
      </div>
    </div>
  );
}

function Number({ children }: { children: ReactNode }) {
  return <b className={css.number}>{children}</b>;
}

/** What it means for what runs now. */
function Note({ machine: { held, outside, open }, cap }: { machine: Machine; cap: number }) {
  const { t } = useTranslation();
  const all = held + outside;
  const more = outside > 0 && ` ${t("rule.outside", { count: outside })}`;
  const { schedulers, gpus } = useKnown();
  const me = useIdentity()?.user ?? "";
  if (held > cap) {
    const next = nextBack(schedulers, gpus?.cards ?? [], me);
    const about = next ? t("rule.overAbout", { ...next, at: clock(next.at) }) : "";
    return (
      <div className={css.note} data-tone="waiting">
        <IconHourglass size={14} stroke={1.75} color="var(--gl-waiting)" aria-hidden />
        <span>
          <Said of="rule.over" held={all} about={about} />
          {more}
        </span>
      </div>
    );
  }
  return (
    <div className={css.note}>
      <IconInfoCircle size={14} stroke={1.75} color="var(--gl-t3)" aria-hidden />
      <span>
        {cap > held && open > 0 ? (
          <Said of="rule.under" held={all} count={Math.min(cap - held, open)} />
        ) : cap > held ? (
          <Said of="rule.noneOpen" held={all} count={cap - held} />
        ) : (
          <Said of={outside ? "rule.noMore" : "rule.exact"} held={all} />
        )}
        {more}
      </span>
    </div>
  );
}

function Others(props: { count: number; today: number; saved: CapRules; typed: CapRules }) {
  const { t } = useTranslation();
  const { count, today, saved, typed } = props;
  return (
    <section>
      <h2 className={page.title}>{t("rule.ifOthers")}</h2>
      <table className={css.table}>
        <thead>
          <tr>
            <th>{t("rule.availableHead")}</th>
            <th>{t("rule.now")}</th>
            <th>{t("rule.afterSaving")}</th>
          </tr>
        </thead>
        <tbody>
          {availableThen(count, today).map((available) => {
            const [before, after] = [allowed(available, saved), allowed(available, typed)];
            return (
              <tr key={available} data-today={available === today || undefined}>
                <th scope="row">
                  {t("rule.gpus", { count: available })}
                  {available === today && <span className="t3"> {t("rule.today")}</span>}
                </th>
                <td>{before}</td>
                <td data-changed={before !== after || undefined}>{after}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
