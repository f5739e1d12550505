/** Who is on which GPU, and what could I still get. */
import { Anchor, Button, SegmentedControl } from "@mantine/core";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { NoConnection } from "@/api/client";
import { useKnown, live } from "@/api/live";
import type { Gpus } from "@/api/types";
import { Empty, Failure, Loading } from "@/parts/Empty";
import { Page } from "@/parts/Page";
import { useParameters } from "@/parts/parameters";
import { sentence } from "@/words/reasons";
import { Cards } from "./Cards";
import { RANGES, rangeOf } from "./curves";
import { Facts } from "./Facts";
import { Legend } from "./Legend";
import { NAMES, type Say, type Said } from "./parameters";
import { Problem } from "./Problem";
import { straysOf } from "./shares";
import { cardOf } from "./standing";
import { CardTable } from "./CardTable";
import { useProcesses, type ProcessesOf } from "./data";
import css from "./Gpu.module.css";

export function Gpu() {
  const { t } = useTranslation();
  const { gpus, connection } = useKnown();
  const [said, say] = useParameters(NAMES);
  const processes = useProcesses();
  const some = gpus?.cards.length ? gpus : null;
  return (
    <Page
      title={t("pages.gpu")}
      facts={some && <Facts gpus={some} processes={processes} />}
      right={some && <Controls gpus={some} said={said} say={say} />}
    >
      {some ? (
        <Machine gpus={some} processes={processes} said={said} say={say} />
      ) : gpus ? (
        <None problem={gpus.problem} />
      ) : connection === "lost" ? (
        <Failure error={new NoConnection()} again={() => live.tryNow()} />
      ) : (
        <Loading rows={6} />
      )}
    </Page>
  );
}

interface MachineProps {
  gpus: Gpus;
  processes: ProcessesOf;
  said: Said;
  say: Say;
}

function Machine({ gpus, processes, said, say }: MachineProps) {
  const { t } = useTranslation();
  const marked = said.gpu ? cardOf(gpus.cards, said.gpu) : undefined;
  useGoingTo(marked?.uuid);
  const hasStrays = gpus.cards.some((card) => straysOf(processes(card.uuid)).some((one) => one.own));
  const isTable = said.view === "table";
  return (
    <>
      <p className={`t3 ${css.narrowFacts}`}>
        <Facts gpus={gpus} processes={processes} />
      </p>
      <Problem gpus={gpus} />
      {said.gpu && !marked && <p className={`t3 ${css.line}`}>{t("gpu.notHere", { index: said.gpu })}</p>}
      <Legend curves={!isTable} strays={hasStrays} />
      {isTable ? (
        <CardTable gpus={gpus} processes={processes} marked={marked?.uuid} said={said} say={say} />
      ) : (
        <Cards gpus={gpus} processes={processes} marked={marked?.uuid} said={said} say={say} />
      )}
    </>
  );
}

/** To the card that the address names; after the shell has gone to the top of a page that was just opened. */
function useGoingTo(uuid: string | undefined): void {
  useEffect(() => {
    if (!uuid) return;
    const frame = requestAnimationFrame(() => {
      const card = document.getElementById(`gpu-${uuid}`);
      card?.scrollIntoView({ block: "center" });
      card?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(frame);
  }, [uuid]);
}

function Controls({ gpus, said, say }: { gpus: Gpus; said: Said; say: Say }) {
  const { t } = useTranslation();
  return (
    <>
      <Anchor component={Link} to="/ui/rule" className={css.worked}>
        {t("gpu.worked", { count: gpus.allowance.allowed })}
      </Anchor>
      {said.view !== "table" && (
        <SegmentedControl
          aria-label={t("gpu.range")}
          value={rangeOf(said.range)}
          onChange={(range) => say({ range: range === "1h" ? "" : range })}
          data={(Object.keys(RANGES) as (keyof typeof RANGES)[]).map((value) => ({
            value,
            label: t(`gpu.${value}`),
          }))}
        />
      )}
      <SegmentedControl
        aria-label={t("gpu.view")}
        value={said.view === "table" ? "table" : "cards"}
        onChange={(view) => say({ view: view === "cards" ? "" : view })}
        data={[
          { value: "cards", label: t("gpu.cards") },
          { value: "table", label: t("gpu.table") },
        ]}
      />
    </>
  );
}

function None({ problem }: { problem: string | null }) {
  const { t } = useTranslation();
  return (
    <Empty
      title={t("gpu.noneTitle")}
      text={[problem && sentence(problem), t("gpu.noneText")].filter(Boolean).join(" ")}
      action={
        <Button component={Link} to="/ui/state">
          {t("gpu.toState")}
        </Button>
      }
    />
  );
}
