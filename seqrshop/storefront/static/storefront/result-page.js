// Success, failure and cancel: how the order truly stands, whichever of them the app has opened.

import { takeAlong } from "./language-links.js";
import { Panel } from "./order-view.js";
import { Visit, show } from "./session.js";

const visit = new Visit();
const toMenu = () => visit.goToMenu();
const panel = new Panel(visit, toMenu);
document.querySelector("#nothing [data-menu]").addEventListener("click", (event) => {
  event.preventDefault();
  toMenu();
});

takeAlong(() => ({ token: visit.shop.token, reference: panel.reference }));

visit.begin((session) => {
  panel.stop();
  if (session.latest_order) panel.follow(session.latest_order);
  else show("nothing");
});
