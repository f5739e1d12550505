/** What is written, is it right, and what will it do. */
import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { askAnew } from "@/api/anew";
import { useWhyNot } from "@/api/identity";
import { live, useAnew } from "@/api/live";
import { Failure, Loading } from "@/parts/Empty";
import { Page } from "@/parts/Page";
import { useParameters } from "@/parts/parameters";
import { fileName } from "@/parts/schedulers";
import { useSaveKey } from "@/parts/saveKey";
import { said as toast } from "@/parts/toast";
import css from "./Command.module.css";
import { ConflictBar } from "./Conflict";
import { Faults } from "./Faults";
import { FormPane } from "./form/FormPane";
import { Facts, Right } from "./Head";
import { fileKey, useFile } from "./model/useFile";
import { unsavedOf } from "./model/unsaved";
import { NAMES, PageProvider, usePage, useScheduler, whichOf, type Shared } from "./page";
import { Side } from "./Side";
import { SideDrawer, TreeDrawer } from "./drawers";
import { Tree } from "./tree/Tree";
import { Unreadable } from "./Unreadable";
import { useBelow } from "./useBelow";

const TextPane = lazy(() => import("./text/TextPane"));
const Review = lazy(() => import("./review/Review"));
const Versions = lazy(() => import("./review/Versions"));

export function Command() {
  const { t } = useTranslation();
  const [said, say] = useParameters(NAMES);
  const { mode, index } = whichOf(said);
  const which = useMemo(() => ({ mode, index }), [mode, index]);
  const { file, error, again } = useFile(which);
  const { scheduler, tasks } = useScheduler(which);
  const whyNot = useWhyNot();
  useSavedElsewhere();
  useSaveKey(() => {
    if (file?.draft) say({ open: "review" });
  });
  const [panes, height] = useBelow();
  const shared: Shared | null = file && { which, said, say, file, scheduler, tasks, whyNot };
  return (
    <PageProvider value={shared}>
      <Page title={t("pages.command")} facts={file && <Facts />} right={file && <Right />} full>
        <div ref={panes} className={css.whole} style={{ height }}>
          {file?.conflict && <ConflictBar />}
          {file ? (
            <Panes />
          ) : error ? (
            <div className={css.alone}>
              <Failure error={error} again={again} />
              <Button variant="subtle" onClick={() => say({ configuration: "", queue: "", task: "" })}>
                {t("command.toFirst")}
              </Button>
            </div>
          ) : (
            <Loading />
          )}
        </div>
        <Suspense>
          {file?.draft && said.open === "review" && <Review />}
          {file && said.open === "versions" && <Versions />}
        </Suspense>
      </Page>
    </PageProvider>
  );
}

function Panes() {
  const { said, file } = usePage();
  const wide = useMediaQuery("(min-width: 1100px)", true);
  const narrow = useMediaQuery("(max-width: 639px)", false);
  return (
    <div className={css.panes}>
      {narrow ? (
        <TreeDrawer />
      ) : (
        <nav className={css.tree}>
          <Tree />
        </nav>
      )}
      <section className={css.middle}>
        {file.saved.unreadable ? (
          <Unreadable />
        ) : said.view === "text" ? (
          <Suspense fallback={<Loading rows={8} />}>
            <TextPane />
          </Suspense>
        ) : (
          <FormPane />
        )}
        {narrow && said.view === "text" && (file.sheet?.faultCount ?? 0) > 0 && (
          <div className={css.underText}>
            <Faults />
          </div>
        )}
      </section>
      {wide ? (
        <aside className={css.side}>
          <Side />
        </aside>
      ) : (
        <SideDrawer />
      )}
    </div>
  );
}

/** What another browser, or an editor, has saved comes by itself, unless something is unsaved here: then it is said. */
function useSavedElsewhere(): void {
  const { t } = useTranslation();
  const queries = useQueryClient();
  useAnew(["commands"]);
  useEffect(
    () =>
      live.onFile(({ kind, data }) => {
        if (kind !== "commands" || !data.mode) return;
        const which = { mode: data.mode, index: data.index ?? data.config_index ?? 0 };
        void askAnew(queries, ["commands", which.mode, "list"]);
        const known = queries.getQueryData<{ etag: string | null; path: string }>(fileKey(which));
        if (!known || known.etag === data.etag) return;
        const isEdited = unsavedOf(which).snapshot().draft !== null;
        void askAnew(queries, fileKey(which)).then(() => {
          if (!isEdited) toast(t("command.loadedOther", { file: fileName(known.path) }));
        });
      }),
    [queries, t],
  );
}
