/** Everything that surrounds the pages, and which page is where. */
import { MantineProvider, localStorageColorSchemeManager } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createBrowserRouter, Navigate, Outlet, RouterProvider } from "react-router";
import { Refused } from "./api/client";
import { useIsKnown } from "./api/identity";
import { theme, variables } from "./look/theme";
import { ConfirmProvider } from "./parts/Confirm";
import toast from "./parts/toast.module.css";
import { Fault, NotFound } from "./shell/Fault";
import { Shell } from "./shell/Shell";
import { State } from "./pages/state/State";

const scheme = localStorageColorSchemeManager({ key: "gpulane-scheme" });

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What was refused is refused again; what did not answer may answer.
      retry: (count, error) => !(error instanceof Refused) && count < 2,
      refetchOnWindowFocus: false,
      staleTime: 5_000,
    },
  },
});

/** All but the first. */
const pages = {
  gpu: async () => ({ Component: (await import("./pages/gpu/Gpu")).Gpu }),
  command: async () => ({ Component: (await import("./pages/command/Command")).Command }),
  timeline: async () => ({ Component: (await import("./pages/timeline/Timeline")).Timeline }),
  "logs/*": async () => ({ Component: (await import("./pages/logs/Logs")).Logs }),
  tasks: async () => ({ Component: (await import("./pages/tasks/Tasks")).Tasks }),
  history: async () => ({ Component: (await import("./pages/history/History")).History }),
  rule: async () => ({ Component: (await import("./pages/rule/Rule")).Rule }),
  setting: async () => ({ Component: (await import("./pages/setting/Setting")).Setting }),
};

/** Milliseconds, by when the first page is there. Others are then there to go to also while the console is not. */
const FETCHED_AFTER = 3_000;
setTimeout(() => {
  void Promise.allSettled(Object.values(pages).map((load) => load()));
}, FETCHED_AFTER);

const router = createBrowserRouter([
  { path: "/", element: <Navigate to="/ui/state" replace /> },
  {
    path: "/ui",
    element: <Shell />,
    errorElement: <Fault />,
    hydrateFallbackElement: <></>,
    children: [
      {
        errorElement: <Fault />, // within what surrounds the pages, which goes on
        children: [
          { index: true, element: <Navigate to="/ui/state" replace /> },
          { path: "state", element: <State /> },
          {
            element: <OfThisConsole />,
            children: Object.entries(pages).map(([path, lazy]) => ({ path, lazy })),
          },
          { path: "*", element: <NotFound /> },
        ],
      },
    ],
  },
]);

/** Pages that keep what is unsaved: which console it is of has to be known first. */
function OfThisConsole() {
  return useIsKnown() && <Outlet />;
}

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      colorSchemeManager={scheme}
      defaultColorScheme="auto"
    >
      <QueryClientProvider client={queries}>
        <ConfirmProvider>
          <Notifications position="bottom-left" limit={6} classNames={{ root: toast.toasts ?? "" }} />
          <RouterProvider router={router} />
        </ConfirmProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}
