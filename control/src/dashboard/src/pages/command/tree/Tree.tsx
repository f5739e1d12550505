/** Configurations of a mode, their queues, their tasks. */
import {
  FlatTreeNode,
  flattenTreeData,
  SegmentedControl,
  useTree,
  type RenderTreeNodePayload,
} from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Configuration } from "@/api/types";
import { useConfigurations } from "../model/useFile";
import { usePage } from "../page";
import { NewConfiguration } from "./NewConfiguration";
import { nodeOf, nodesOf, valueOf } from "./nodes";
import { NodeLine } from "./NodeLine";
import css from "./Tree.module.css";

const ROW = 28;
/** For fingers. */
const NARROW_ROW = 36;

export function Tree({ chosen }: { chosen?: () => void }) {
  const { t } = useTranslation();
  const { which, say } = usePage();
  const lists = { single: useConfigurations("single").data, multi: useConfigurations("multi").data };
  const label = (mode: "single" | "multi") => (
    <span>
      {t(`modes.${mode}`)} <span className="t3">{lists[mode]?.length ?? ""}</span>
    </span>
  );
  return (
    <>
      <div className={css.modes}>
        <SegmentedControl
          fullWidth
          aria-label={t("command.modes")}
          value={which.mode}
          onChange={(mode) =>
            say({ mode: mode === "multi" ? "multi" : "", configuration: "", queue: "", task: "" })
          }
          data={[
            { value: "single", label: label("single") },
            { value: "multi", label: label("multi") },
          ]}
        />
      </div>
      <Nodes configurations={lists[which.mode] ?? []} chosen={chosen} />
      <NewConfiguration configurations={lists[which.mode] ?? []} />
    </>
  );
}

interface NodesProps {
  configurations: readonly Configuration[];
  chosen: (() => void) | undefined;
}

function Nodes({ configurations, chosen }: NodesProps) {
  const { t } = useTranslation();
  const { which, said, say, file } = usePage();
  const row = useMediaQuery("(max-width: 639px)", false) ? NARROW_ROW : ROW;
  const queueChosen = said.queue || said.task.split("/")[0] || "";
  // What was opened or closed by hand; a chosen one is open by itself.
  const [byHand, setByHand] = useState<Record<string, boolean>>({});
  const expanded = useMemo(
    () => ({ [valueOf.configuration(which.index)]: true, [`q${queueChosen}`]: true, ...byHand }),
    [which.index, queueChosen, byHand],
  );
  const selected = said.task
    ? valueOf.task(said.task)
    : said.queue
      ? valueOf.queue(Number(said.queue))
      : valueOf.configuration(which.index);
  const selectedState = useMemo(() => [selected], [selected]);
  const tree = useTree({ expandedState: expanded, onExpandedStateChange: setByHand, selectedState });
  const broken = file.sheet?.broken.length ?? 0;
  const data = useMemo(
    () => nodesOf(configurations, which.index, file.queues ?? [], broken),
    [configurations, which.index, file.queues, broken],
  );
  const rows = useMemo(() => flattenTreeData(data, expanded), [data, expanded]);
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => row,
    overscan: 12,
  });
  const place = rows.findIndex(({ node }) => node.value === selected);
  useInSight(virtual, row, selected, place);
  const choose = (value: string) => {
    const node = nodeOf(value);
    if (node.kind === "configuration") {
      const configuration = node.index ? String(node.index) : "";
      if (node.index === which.index) tree.toggleExpanded(value);
      else say({ configuration, queue: "", task: "" });
    } else if (node.kind === "queue") {
      if (said.queue === String(node.queue) && !said.task) tree.toggleExpanded(value);
      else tree.expand(value);
      say({ queue: String(node.queue), task: "" });
    } else if (node.kind === "task") say({ queue: node.label.split("/")[0] ?? "", task: node.label });
    else say({ view: "text", open: "" });
    if (node.kind !== "configuration") chosen?.();
  };
  const current = place >= 0 ? selected : rows[0]?.node.value;
  return (
    <div ref={box} className={css.scroll}>
      <div
        role="tree"
        aria-label={t("command.tree")}
        data-tree-root
        className={css.nodes}
        style={{ height: virtual.getTotalSize() }}
        onKeyDown={(event) => {
          const node = event.target instanceof HTMLElement ? event.target.dataset["value"] : undefined;
          if (event.key !== "Enter" || node === undefined) return;
          event.preventDefault();
          choose(node);
        }}
      >
        {virtual.getVirtualItems().map(({ index, start }) => {
          const one = rows[index];
          if (!one) return null;
          return (
            <FlatTreeNode
              key={one.node.value}
              node={one.node}
              level={one.level}
              parent={one.parent}
              hasChildren={one.hasChildren}
              expanded={one.expanded}
              tree={tree}
              expandOnClick={false}
              tabIndex={one.node.value === current ? 0 : -1}
              style={{ position: "absolute", top: start, left: 0, right: 0, height: row }}
              renderNode={(payload: RenderTreeNodePayload) => (
                <NodeLine payload={payload} configurations={configurations} choose={choose} />
              )}
            />
          );
        })}
      </div>
    </div>
  );
}

/** What is chosen is in sight: once, not each time that something above it is opened. */
function useInSight(
  virtual: Virtualizer<HTMLDivElement, Element>,
  row: number,
  chosen: string,
  place: number,
): void {
  useEffect(() => virtual.measure(), [virtual, row]);
  const there = place >= 0;
  useEffect(() => {
    if (there) virtual.scrollToIndex(place, { align: "auto" });
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [virtual, chosen, there]);
}
