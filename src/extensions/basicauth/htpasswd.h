// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// The users of an htpasswd file. Hashes: bcrypt, SHA-256 and SHA-512 crypt, MD5 ($1$, $apr1$), {SHA}, {SSHA}; what has
// none of these forms is the password itself.
class Htpasswd {
 public:
  // Reads lines `user:hash`; empty ones and those that start with # say nothing, the last one of a user counts. Returns
  // the numbers (from 1) of lines that are none.
  std::vector<size_t> add(std::string_view lines);
  bool empty() const { return users_.empty(); }

  bool knows(const std::string& user) const { return users_.contains(user); }
  // Slow by design for bcrypt and its like: tens of milliseconds. Any thread.
  bool matches(const std::string& user, const std::string& password) const;

 private:
  std::map<std::string, std::string> users_;
};

}  // namespace weir
