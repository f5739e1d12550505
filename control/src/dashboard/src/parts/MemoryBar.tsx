/** Who has what of a GPU's memory, in GB: own used, own promised, own beside tasks, leases, people, free. */
import { useTranslation } from "react-i18next";
import { measuredGb } from "@/format/memory";
import css from "./MemoryBar.module.css";

export interface Parts {
  own: number;
  promised: number;
  /** By one's own processes that are no task. */
  strays: number;
  leases: number;
  people: number;
}

/** `margin`: GB that are never given out, a tick from the right end. */
export function MemoryBar(props: {
  parts: Parts;
  total: number;
  margin?: number;
  thin?: boolean;
  said: string;
}) {
  const { parts, total, margin, thin, said } = props;
  const width = (value: number) => `${Math.min(100, (100 * value) / Math.max(total, 1e-9))}%`;
  return (
    <div className={`${css.bar} ${thin ? css.thin : ""}`} role="img" aria-label={said}>
      {KINDS.map(
        (kind) =>
          parts[kind] > 0 && <span key={kind} className={css[kind]} style={{ width: width(parts[kind]) }} />,
      )}
      {margin ? <span className={css.tick} style={{ right: width(margin) }} /> : null}
    </div>
  );
}

const KINDS = ["own", "promised", "strays", "leases", "people"] as const;

/** The parts that are there, as swatch, word and GB. */
export function MemoryLegend({ parts, none }: { parts: Parts; none: string }) {
  const { t } = useTranslation();
  const some = KINDS.filter((kind) => parts[kind] >= 0.05);
  if (!some.length) return <span className="t3">{none}</span>;
  return (
    <span className={css.legend}>
      {some.map((kind) => (
        <span key={kind} className={css.entry}>
          <span className={`${css.swatch} ${css[kind]}`} aria-hidden />
          {t(`memory.${kind}`)} {measuredGb(parts[kind])}
        </span>
      ))}
    </span>
  );
}
