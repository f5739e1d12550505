/** The last versions of a configuration; one of them can become the unsaved text again. */
import { Button, Drawer, NavLink } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Version } from "@/api/types";
import { clock } from "@/format/time";
import { Moment } from "@/parts/Moment";
import { useLoginName } from "@/parts/logins";
import { Failure, Loading } from "@/parts/Empty";
import { useFileName } from "../Head";
import { version, versions } from "../model/calls";
import { usePage } from "../page";
import Lines from "./Lines";
import css from "./Review.module.css";

export default function Versions() {
  const { t } = useTranslation();
  const { which, file, say } = usePage();
  const name = useFileName();
  const [chosen, setChosen] = useState<number | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: ["versions", which.mode, which.index, file.saved.etag],
    queryFn: () => versions(which),
  });
  const id = chosen ?? data?.find((one) => !one.present)?.id ?? data?.[0]?.id ?? null;
  const close = () => say({ open: "" });
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size={1008}
      title={t("command.versionsTitle", { file: name })}
      padding={0}
      closeButtonProps={{ "aria-label": t("command.close") }}
      classNames={{
        inner: css.under,
        overlay: css.under,
        content: css.versionsDrawer,
        header: css.versionsHead,
        body: css.versionsBody,
      }}
    >
      {error ? (
        <Failure error={error} again={() => void refetch()} />
      ) : !data ? (
        <Loading />
      ) : !data.length ? (
        <p className={`t2 ${css.pad}`}>{t("command.noVersions")}</p>
      ) : (
        <div className={css.versions}>
          <div className={css.list}>
            {data.map((one) => (
              <Entry key={one.id} one={one} active={one.id === id} choose={() => setChosen(one.id)} />
            ))}
          </div>
          {id !== null && <One id={id} />}
        </div>
      )}
    </Drawer>
  );
}

function Entry({ one, active, choose }: { one: Version; active: boolean; choose: () => void }) {
  const { t } = useTranslation();
  const loginName = useLoginName();
  const facts = [
    one.login === null ? t("command.byHand") : loginName(one.login),
    one.tasks === null ? "" : t("command.tasks", { count: one.tasks }),
    one.present ? t("command.present") : "",
  ];
  return (
    <NavLink
      component="button"
      active={active}
      color="neutral"
      label={<Moment at={one.saved_at} />}
      description={facts.filter(Boolean).join(t("lists.comma"))}
      onClick={choose}
    />
  );
}

function One({ id }: { id: number }) {
  const { t } = useTranslation();
  const { which, file, say, whyNot } = usePage();
  const { data, error } = useQuery({
    queryKey: ["version", which.mode, which.index, id],
    queryFn: () => version(which, id),
  });
  if (error) return <Failure error={error} />;
  if (!data) return <Loading />;
  const same = data.text === file.saved.text;
  const restore = () => {
    file.write(data.text);
    say({ open: "review", task: "", queue: "" });
  };
  return (
    <section className={css.left}>
      <div className={css.halfHead}>
        <h3>{t("command.versionOf", { at: clock(data.saved_at) })}</h3>
        <span className="t3">{same ? t("command.sameAsNow") : t("command.differs")}</span>
        <span className={css.headRight}>
          <Button
            disabled={whyNot !== undefined || same}
            title={whyNot ?? t("command.restoreHint")}
            onClick={restore}
          >
            {t("command.restore")}
          </Button>
        </span>
      </div>
      <Lines before={file.saved.text} after={data.text} multi={which.mode === "multi"} />
    </section>
  );
}
