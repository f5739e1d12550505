/** What the file has said before, each save of the last twenty. */
import { Button, Drawer } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ask, GET } from "@/api/client";
import { useIdentity, useWhyNot } from "@/api/identity";
import type { Version } from "@/api/types";
import { Moment } from "@/parts/Moment";
import { Failure, Loading } from "@/parts/Empty";
import { fileName } from "@/parts/schedulers";
import { TextDiff } from "@/parts/TextDiff";
import { Why } from "@/parts/Why";
import { useLoginName } from "@/parts/logins";
import type { Draft } from "./draft";
import review from "./Review.module.css";
import css from "./Versions.module.css";

interface Props {
  draft: Draft;
  /** "": none is shown. */
  version: string;
  say: (change: { version: string; view?: string }) => void;
}

export function Versions({ draft, version, say }: Props) {
  const { t } = useTranslation();
  const opened = version !== "";
  const found = useQuery({
    queryKey: ["config", "versions"],
    queryFn: () => ask(GET("/api/config/versions")),
    enabled: opened,
  });
  const all = found.data?.versions ?? [];
  const chosen = all.find((one) => String(one.id) === version) ?? all[0];
  return (
    <Drawer
      opened={opened}
      onClose={() => say({ version: "" })}
      position="right"
      size={960}
      title={t("rule.versionsTitle", { file: fileName(draft.config.file) })}
      classNames={{ content: review.content, header: review.header, body: css.body, title: review.title }}
      closeButtonProps={{ "aria-label": t("errors.close") }}
    >
      {found.isError && <Failure error={found.error} again={() => void found.refetch()} />}
      {found.isPending && <Loading />}
      {found.data && !all.length && <p className={css.none}>{t("rule.versionsEmpty")}</p>}
      {chosen && (
        <>
          <ul className={css.list}>
            {all.map((one) => (
              <li key={one.id}>
                <Entry one={one} chosen={one === chosen} choose={() => say({ version: String(one.id) })} />
              </li>
            ))}
          </ul>
          <One version={chosen} draft={draft} done={() => say({ version: "", view: "text" })} />
        </>
      )}
    </Drawer>
  );
}

function Entry({ one, chosen, choose }: { one: Version; chosen: boolean; choose: () => void }) {
  const { t } = useTranslation();
  const loginName = useLoginName();
  return (
    <button type="button" className={css.entry} aria-current={chosen} onClick={choose}>
      <Moment at={one.saved_at} />
      <span className="t3 cut">{one.login === null ? t("rule.byHand") : loginName(one.login)}</span>
      {one.present && <span className="t2">{t("rule.present")}</span>}
    </button>
  );
}

function One({ version, draft, done }: { version: Version; draft: Draft; done: () => void }) {
  const { t } = useTranslation();
  const whyNot = useWhyNot();
  const reads = useIdentity()?.role === "read";
  const found = useQuery({
    queryKey: ["config", "version", version.id],
    queryFn: () => ask(GET("/api/config/versions/{version}", { params: { path: { version: version.id } } })),
  });
  if (found.isError) return <Failure error={found.error} again={() => void found.refetch()} />;
  if (!found.data) return <Loading rows={8} />;
  const { text } = found.data;
  const now = draft.config.text ?? "";
  return (
    <div className={css.one}>
      <div className={css.head}>
        <span className="t2">{t(text === now ? "rule.theSame" : "rule.versionDiff")}</span>
        {!reads && text !== now && (
          <Why not={whyNot} effect={t("rule.restoreEffect")}>
            <Button
              onClick={() => {
                draft.edit(text);
                done();
              }}
            >
              {t("rule.restore")}
            </Button>
          </Why>
        )}
      </div>
      <TextDiff before={now} after={text} said={t("rule.versionDiff")} />
    </div>
  );
}
