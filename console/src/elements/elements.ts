/** Parts of the console for any page: `<hotplate-run>` and `<hotplate-form>`. */
import { FormElement } from "./FormElement";
import { RunElement } from "./RunElement";

const ALL = { "hotplate-form": FormElement, "hotplate-run": RunElement };

for (const [name, element] of Object.entries(ALL)) {
  if (!customElements.get(name)) customElements.define(name, element);
}
