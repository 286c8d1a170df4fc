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

// what the page will ask for, while its code is still coming
void queries.prefetchQuery(registryOf(client));
begin(location.pathname.slice(base.length));

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
);
