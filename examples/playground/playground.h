// The playground as plain functions: what the page calls, and what tests call natively. There is one model at a time,
// and one thread may use them. A function that fails says so and leaves the reason in playground_error().
//
//   playground_set("align", "ntm");       // 2: at the next playground_start(); 1: at once; 0: refused
//   playground_start();
//   const double loss = playground_step();
//   const char* picture = playground_look();
//
// Texts that are returned live until the next call.
#pragma once

extern "C" {

// Models, tasks, scores and alignments by name, with the settings' values, as JSON.
const char* playground_names();
// Settings of examples/playground/settings.h. A model in training goes on with the new value where it can.
int playground_set(const char* name, const char* value);
// A new model, with weights drawn by the seed. 1, or 0.
int playground_start();
// One step of training on a fresh batch. The loss, nats a letter or a bit; NaN where it failed.
double playground_step();
double playground_steps_done();
double playground_parameters();  // numbers that are trained
// Percent of fresh strings answered without a mistake, the same ones each time; -1 where it failed.
double playground_accuracy(int count);
double playground_part_accuracy();  // of that test: percent of the letters or bits
// What the model looks at in one example, as JSON: a list of panels; null where it failed.
const char* playground_look();
const char* playground_error();
}
