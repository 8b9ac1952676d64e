// SPDX-License-Identifier: Apache-2.0
#include "net/http_message.h"

namespace weir::net {

void RequestHead::clear() {
  method_.clear();
  target_.clear();
  text_.clear();
  places_.clear();
  content_length.reset();
  expects_continue = false;
  is_http2 = false;
}

void RequestHead::add(std::string_view name, std::string_view value) {
  Place place{};
  place.name = static_cast<uint32_t>(text_.size());
  for (char c : name) text_.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
  place.value = static_cast<uint32_t>(text_.size());
  text_.append(value);
  place.end = static_cast<uint32_t>(text_.size());
  places_.push_back(place);
}

RequestHead::Field RequestHead::field(size_t i) const {
  const Place& place = places_[i];
  const std::string_view text = text_;
  return {text.substr(place.name, place.value - place.name), text.substr(place.value, place.end - place.value)};
}

std::string_view RequestHead::find(std::string_view name) const {
  for (size_t i = 0; i < places_.size(); ++i) {
    const Field found = field(i);
    if (found.name == name) return found.value;
  }
  return {};
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

}  // namespace weir::net
