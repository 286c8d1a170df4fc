import { connect } from "@hotplate/client";
import { HotplateProvider } from "@hotplate/client/react";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import "../ui/ui.css";
import { asking } from "../registry/asking";
import { App } from "./App";

const { rpc = "/rpc", root = "", title = "Hotplate" } = document.body.dataset;

createRoot(document.getElementById("console")!).render(
  <StrictMode>
    <HotplateProvider client={connect(rpc)}>
      <QueryClientProvider client={asking()}>
        <Router base={`${root}/console`}>
          <App title={title} />
        </Router>
      </QueryClientProvider>
    </HotplateProvider>
  </StrictMode>,
);
