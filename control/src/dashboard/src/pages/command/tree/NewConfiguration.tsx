/** Makes a configuration, empty or as a copy. */
import { Button, Menu } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Configuration } from "@/api/types";
import { failed, said } from "@/parts/toast";
import { make } from "../model/calls";
import { useTellSaved } from "../model/useFile";
import { usePage } from "../page";
import css from "./Tree.module.css";

/** `from`: of which it is a copy. */
export function useMake(): (from?: number) => Promise<void> {
  const { t } = useTranslation();
  const { which, say } = usePage();
  const tell = useTellSaved();
  return async (from) => {
    try {
      const made = await make(which.mode, from);
      tell(made);
      said(t("command.made", { index: made.index }));
      say({ configuration: made.index ? String(made.index) : "", queue: "", task: "" });
    } catch (error) {
      failed(error);
    }
  };
}

export function NewConfiguration({ configurations }: { configurations: readonly Configuration[] }) {
  const { t } = useTranslation();
  const { whyNot } = usePage();
  const act = useMake();
  return (
    <div className={css.foot}>
      <Menu position="bottom-start">
        <Menu.Target>
          <Button
            variant="subtle"
            title={whyNot}
            disabled={whyNot !== undefined}
            leftSection={<IconPlus size={14} stroke={1.75} />}
          >
            {t("command.newConfiguration")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => void act()}>{t("command.newEmpty")}</Menu.Item>
          {configurations
            .filter((one) => one.exists)
            .slice(0, 20)
            .map(({ index }) => (
              <Menu.Item key={index} onClick={() => void act(index)}>
                {t("command.newCopy", { index })}
              </Menu.Item>
            ))}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
