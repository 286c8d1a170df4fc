import { connect } from "@hotplate/client";
import { HotplateProvider } from "@hotplate/client/react";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import "../ui/ui.css";
import { asking } from "../registry/asking";
import { registryOf } from "../registry/queries";
import { App, begin } from "./App";

const { rpc = "/rpc", root = "", title = "Hotplate" } = document.body.dataset;

const base = `${root}/console`;
const client = connect(rpc);
const queries = asking();

/** So long nothing is shown for the page to be shown as a whole, in ms. */
const PATIENCE_MS = 150;

// what the page will ask for comes beside its code
const whole = Promise.all([queries.prefetchQuery(registryOf(client)), begin(location.pathname.slice(base.length))]);
const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));

void Promise.race([whole, late]).then(() =>
  createRoot(document.getElementById("console")!).render(
    <StrictMode>
      <HotplateProvider client={client}>
        <QueryClientProvider client={queries}>
          <Router base={base}>
            <App title={title} />
          </Router>
        </QueryClientProvider>
      </HotplateProvider>
    </StrictMode>,
  ),
);
