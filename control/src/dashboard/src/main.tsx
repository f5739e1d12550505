import { createRoot } from "react-dom/client";
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import "./look/fonts.css";
import "./look/tokens.css";
import "./parts/density";
import "./words";
import { live } from "./api/live";
import { App } from "./App";

live.start();
const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
