// The success, failure and cancel pages: each shows the order's actual state, whichever the app opens.

import { keepStateAcrossLanguages } from "./language-links.js";
import { OrderView } from "./order-view.js";
import { showView } from "./page.js";
import { Session } from "./session.js";

const session = new Session();
const orderView = new OrderView(session, () => session.goToMenu());

keepStateAcrossLanguages(() => ({ token: session.api.token, reference: orderView.reference }));

session.start(({ latest_order: order }) => {
  orderView.stop();
  if (order) orderView.follow(order);
  else showView("nothing");
});
