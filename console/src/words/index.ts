/** Every text that people see. A translation is another object of this shape. */
import { app } from "./app";
import { elements } from "./elements";
import { form } from "./form";
import { functions } from "./functions";
import { live } from "./live";
import { runs } from "./runs";
import { schedules } from "./schedules";
import { ui } from "./ui";
import { views } from "./views";
import { workers } from "./workers";

export const words = { app, elements, form, functions, live, runs, schedules, ui, views, workers };
