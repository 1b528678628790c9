import { widgetOf } from "../data/widget";
import { gallery } from "./gallery";
import { leaderboard } from "./leaderboard";
import "./model.css";

export default widgetOf({
  gallery,
  leaderboard,
});
