/** What is seen where there is nothing, while it comes, and where it can't be had. */
import { Button } from "@mantine/core";
import { IconCircleX, IconRefresh } from "@tabler/icons-react";
import { useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { refusalText } from "@/words/refused";
import css from "./Empty.module.css";

interface EmptyProps {
  title: string;
  text?: string;
  action?: ReactNode;
}

export function Empty({ title, text, action }: EmptyProps) {
  return (
    <div className={`card ${css.empty}`}>
      <div className={css.title}>{title}</div>
      {text && <div className="t2">{text}</div>}
      {action && <div className={css.action}>{action}</div>}
    </div>
  );
}

const SOON = 300;

/** Rows that stand still where others will be; none for what comes within a blink. */
export function Loading({ rows = 4 }: { rows?: number }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), SOON);
    return () => clearTimeout(timer);
  }, []);
  if (!late) return null;
  return (
    <div className={`card ${css.loading}`} aria-busy="true">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={css.bone} style={{ width: `${70 - ((row * 17) % 40)}%` }} />
      ))}
    </div>
  );
}

export function Failure({ error, again }: { error: unknown; again?: () => void }) {
  const { t } = useTranslation();
  const said = error instanceof Error ? refusalText(error) : "";
  return (
    <div className={`card ${css.empty}`} role="alert">
      <div className={css.title}>
        <IconCircleX size={16} stroke={1.75} color="var(--gl-failed)" aria-hidden /> {t("errors.title")}
      </div>
      <div className={`t2 ${css.lines}`}>{said}</div>
      {again && (
        <div className={css.action}>
          <Button leftSection={<IconRefresh size={14} stroke={1.75} />} onClick={again}>
            {t("errors.again")}
          </Button>
        </div>
      )}
    </div>
  );
}
