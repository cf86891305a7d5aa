// The success, failure and cancel pages: each shows the order's actual state, whichever the app opens.

import { find } from "./dom.js";
import { keepStateAcrossLanguages } from "./language-links.js";
import { OrderView } from "./order-view.js";
import { showView } from "./page.js";
import { Session } from "./session.js";

const session = new Session();
const goToMenu = () => session.goToMenu();
const orderView = new OrderView(session, goToMenu);
find(document, "#nothing [data-to-menu]").addEventListener("click", (event) => {
  event.preventDefault();
  goToMenu();
});

keepStateAcrossLanguages(() => ({ token: session.api.token, reference: orderView.reference }));

session.start(({ latest_order: order }) => {
  orderView.stop();
  if (order) orderView.follow(order);
  else showView("nothing");
});
